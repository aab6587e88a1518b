package main

import (
	"context"
	"time"

	pb "github.com/mutexgroups/mutexd/tests/bench/peers/grpc_go/mutexgroupsv1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"
)

type service struct {
	pb.UnimplementedMutexGroupServiceServer
	amplitude *amplitude
}

func (s *service) GetMutexGroup(
	ctx context.Context, request *pb.GetMutexGroupRequest,
) (*pb.GetMutexGroupResponse, error) {
	if request.MutexGroupId == "" {
		return nil, status.Error(codes.InvalidArgument, "mutex_group_id is required")
	}
	readTime := timestamppb.Now()
	found, err := s.amplitude.mutex(ctx, request.MutexGroupId)
	if err != nil {
		return nil, err
	}
	return &pb.GetMutexGroupResponse{MutexGroup: groupOf(found), ReadTime: readTime}, nil
}

func (s *service) ListMutexGroups(
	ctx context.Context, request *pb.ListMutexGroupsRequest,
) (*pb.ListMutexGroupsResponse, error) {
	limit := request.PageSize
	switch {
	case limit < 0:
		return nil, status.Error(codes.InvalidArgument, "page_size is negative")
	case limit == 0:
		limit = 100
	case limit > 1000:
		limit = 1000
	}
	readTime := timestamppb.Now()
	page, err := s.amplitude.mutexes(ctx, limit, request.PageToken)
	if err != nil {
		return nil, err
	}
	response := &pb.ListMutexGroupsResponse{
		MutexGroups:   make([]*pb.MutexGroup, 0, len(page.Mutexes)),
		NextPageToken: page.NextCursor.String(),
		ReadTime:      readTime,
	}
	for i := range page.Mutexes {
		if deleted := page.Mutexes[i].Deleted; deleted != nil && *deleted && !request.ShowArchived {
			continue
		}
		response.MutexGroups = append(response.MutexGroups, groupOf(&page.Mutexes[i]))
	}
	return response, nil
}

func groupOf(m *mutex) *pb.MutexGroup {
	group := &pb.MutexGroup{
		Id:             m.ID.String(),
		ProjectId:      m.ProjectID,
		Key:            m.Key,
		Name:           m.Name,
		Description:    m.Description,
		EvaluationMode: evaluationModeOf(m.EvaluationMode),
		BucketingKey:   m.BucketingKey,
		BucketingSalt:  m.BucketingSalt,
		Slots:          make([]*pb.Slot, len(m.Slots)),
		State:          stateOf(m.Deleted),
		CreateTime:     timestampOf(m.CreatedAt),
		UpdateTime:     timestampOf(m.LastModifiedAt),
		CreatedBy:      m.CreatedBy,
		UpdatedBy:      m.LastModifiedBy,
	}
	for i := range m.Slots {
		group.Slots[i] = slotOf(&m.Slots[i])
	}
	return group
}

func slotOf(s *slot) *pb.Slot {
	return &pb.Slot{
		Index:         s.Index,
		Name:          s.Name,
		VariantKey:    s.VariantKey,
		Percentage:    s.Percentage,
		ExperimentIds: s.Experiments,
		HoldoutIds:    s.Holdouts,
		Individuals:   s.Individuals,
		Cohorts:       s.Cohorts,
	}
}

func evaluationModeOf(text string) pb.EvaluationMode {
	switch text {
	case "remote":
		return pb.EvaluationMode_EVALUATION_MODE_REMOTE
	case "local":
		return pb.EvaluationMode_EVALUATION_MODE_LOCAL
	}
	return pb.EvaluationMode_EVALUATION_MODE_UNSPECIFIED
}

func stateOf(deleted *bool) pb.MutexGroup_State {
	switch {
	case deleted == nil:
		return pb.MutexGroup_STATE_UNSPECIFIED
	case *deleted:
		return pb.MutexGroup_STATE_ARCHIVED
	}
	return pb.MutexGroup_STATE_ACTIVE
}

func timestampOf(t *time.Time) *timestamppb.Timestamp {
	if t == nil {
		return nil
	}
	return timestamppb.New(*t)
}
