package main

import (
	"context"
	"encoding/json"
	"log"
	"time"

	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	mutexgroups "github.com/mutexgroups/mutexd/client/go"
	"github.com/mutexgroups/mutexd/client/go/mutexgroupsv1"
)

// call makes the call that is asked for.
func call(client *mutexgroups.Client, asked question) (answer, error) {
	switch asked.Call {
	case "ListAll":
		return listAll(client, asked), nil
	case "Pages":
		return pages(client, asked)
	case "CheckHealth":
		return unary(asked, &healthv1.HealthCheckRequest{}, client.CheckHealth)
	case "GetMutexGroup":
		return unary(asked, &mutexgroupsv1.GetMutexGroupRequest{}, client.Get)
	case "BatchGetMutexGroups":
		return unary(asked, &mutexgroupsv1.BatchGetMutexGroupsRequest{}, client.BatchGet)
	case "CreateMutexGroup":
		return unary(asked, &mutexgroupsv1.CreateMutexGroupRequest{}, client.Create)
	case "UpdateMutexGroup":
		return unary(asked, &mutexgroupsv1.UpdateMutexGroupRequest{}, client.Update)
	case "UpdateSlot":
		return unary(asked, &mutexgroupsv1.UpdateSlotRequest{}, client.UpdateSlot)
	case "AddSlotMembers":
		return unary(asked, &mutexgroupsv1.AddSlotMembersRequest{}, client.AddSlotMembers)
	case "RemoveSlotMembers":
		return unary(asked, &mutexgroupsv1.RemoveSlotMembersRequest{}, client.RemoveSlotMembers)
	case "MoveSlotMembers":
		return unary(asked, &mutexgroupsv1.MoveSlotMembersRequest{}, client.MoveSlotMembers)
	case "ArchiveMutexGroup":
		return unary(asked, &mutexgroupsv1.ArchiveMutexGroupRequest{}, client.Archive)
	case "UnarchiveMutexGroup":
		return unary(asked, &mutexgroupsv1.UnarchiveMutexGroupRequest{}, client.Unarchive)
	}
	log.Fatalf("there is no call %s", asked.Call)
	return answer{}, nil
}

func unary[Request, Response proto.Message](
	asked question, request Request,
	method func(context.Context, Request, ...mutexgroups.CallOption) (Response, error),
) (answer, error) {
	read(asked, request)
	response, err := method(context.Background(), request, callOptions(asked)...)
	if err != nil {
		return answer{}, err
	}
	return answer{Response: messageJSON(response)}, nil
}

func listAll(client *mutexgroups.Client, asked question) answer {
	request := &mutexgroupsv1.ListMutexGroupsRequest{}
	read(asked, request)
	groups := []json.RawMessage{}
	for group, err := range client.List(context.Background(), request, callOptions(asked)...) {
		if err != nil {
			result := failed(err)
			before := len(groups)
			result.Before = &before
			return result
		}
		groups = append(groups, messageJSON(group))
	}
	return answer{Response: map[string]any{"mutex_groups": groups}}
}

func pages(client *mutexgroups.Client, asked question) (answer, error) {
	request := &mutexgroupsv1.ListMutexGroupsRequest{}
	read(asked, request)
	all := []json.RawMessage{}
	for page, err := range client.Pages(context.Background(), request, callOptions(asked)...) {
		if err != nil {
			return answer{}, err
		}
		all = append(all, messageJSON(page))
	}
	return answer{Response: map[string]any{"pages": all}}, nil
}

func callOptions(asked question) []mutexgroups.CallOption {
	var options []mutexgroups.CallOption
	if asked.TimeoutMS != 0 {
		options = append(options, mutexgroups.Timeout(time.Duration(asked.TimeoutMS)*time.Millisecond))
	}
	if asked.CorrelationID != "" {
		options = append(options, mutexgroups.CorrelationID(asked.CorrelationID))
	}
	return options
}

func read(asked question, request proto.Message) {
	if err := protojson.Unmarshal(asked.Request, request); err != nil {
		log.Fatalf("%s: %v", asked.Request, err)
	}
}

func messageJSON(message proto.Message) json.RawMessage {
	text, err := protojson.MarshalOptions{UseProtoNames: true}.Marshal(message)
	if err != nil {
		log.Fatal(err)
	}
	return text
}
