package mutexgroups

import (
	"context"
	"errors"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/mutexgroups/mutexd/client/go/mutexgroupsv1"
)

func page(next string, ids ...string) *mutexgroupsv1.ListMutexGroupsResponse {
	response := &mutexgroupsv1.ListMutexGroupsResponse{NextPageToken: next}
	for _, id := range ids {
		response.MutexGroups = append(response.MutexGroups, &mutexgroupsv1.MutexGroup{Id: id})
	}
	return response
}

// startPages serves pages by their tokens. A token without a page is an error that nothing retries.
func startPages(t *testing.T, pages map[string]*mutexgroupsv1.ListMutexGroupsResponse) *fakeService {
	t.Helper()
	fake := startFake(t, nil)
	fake.onList = func(request *mutexgroupsv1.ListMutexGroupsRequest) (*mutexgroupsv1.ListMutexGroupsResponse, error) {
		if response, ok := pages[request.GetPageToken()]; ok {
			return response, nil
		}
		return nil, status.Error(codes.Internal, "no such page")
	}
	return fake
}

func list(client *Client, request *mutexgroupsv1.ListMutexGroupsRequest) (ids []string, failure error) {
	for group, err := range client.List(context.Background(), request) {
		if err != nil {
			return ids, err
		}
		ids = append(ids, group.GetId())
	}
	return ids, nil
}

func TestAListingGoesOnOverEmptyPagesUntilTheEmptyToken(t *testing.T) {
	fake := startPages(t, map[string]*mutexgroupsv1.ListMutexGroupsResponse{
		"": page("b", "1", "2"), "b": page("c"), "c": page("", "3"),
	})
	ids, err := list(fake.connect(t), nil)
	if err != nil || strings.Join(ids, " ") != "1 2 3" {
		t.Fatal(ids, err)
	}
	for _, call := range fake.received() {
		if call.list.GetPageSize() != 1000 {
			t.Fatalf("a page of %d was asked for", call.list.GetPageSize())
		}
	}
}

func TestAListingAsksForWhatTheRequestSays(t *testing.T) {
	fake := startPages(t, map[string]*mutexgroupsv1.ListMutexGroupsResponse{"": page("b"), "b": page("")})
	request := &mutexgroupsv1.ListMutexGroupsRequest{
		PageSize: 7, ShowArchived: true, Filter: &mutexgroupsv1.MutexGroupFilter{Key: "k"},
	}
	before := proto.Clone(request)
	if _, err := list(fake.connect(t), request); err != nil {
		t.Fatal(err)
	}
	if !proto.Equal(request, before) {
		t.Error("the caller's request was changed")
	}
	for _, call := range fake.received() {
		got := proto.Clone(call.list).(*mutexgroupsv1.ListMutexGroupsRequest)
		got.PageToken = ""
		if !proto.Equal(got, request) {
			t.Errorf("asked for %v", got)
		}
	}
}

func TestPagesAreFetchedAsTheyAreNeeded(t *testing.T) {
	fake := startPages(t, map[string]*mutexgroupsv1.ListMutexGroupsResponse{"": page("b", "1"), "b": page("", "2")})
	client := fake.connect(t)
	groups := client.List(context.Background(), nil)
	if len(fake.received()) != 0 {
		t.Fatal("a page was fetched before it was needed")
	}
	for range groups {
		break
	}
	if len(fake.received()) != 1 {
		t.Fatalf("%d pages were fetched for one group", len(fake.received()))
	}
}

func TestAListingCanBeGoneOverAgain(t *testing.T) {
	fake := startPages(t, map[string]*mutexgroupsv1.ListMutexGroupsResponse{"": page("b", "1"), "b": page("", "2")})
	groups := fake.connect(t).List(context.Background(), nil)
	for range 2 {
		var ids []string
		for group, err := range groups {
			if err != nil {
				t.Fatal(err)
			}
			ids = append(ids, group.GetId())
		}
		if strings.Join(ids, " ") != "1 2" {
			t.Fatal(ids)
		}
	}
}

func TestAnErrorIsTheLastThingThatComes(t *testing.T) {
	fake := startPages(t, map[string]*mutexgroupsv1.ListMutexGroupsResponse{"": page("gone", "1")})
	client := fake.connect(t)
	var failures int
	for _, err := range client.List(context.Background(), nil) {
		if err != nil {
			failures++
		}
	}
	if failures != 1 || len(fake.received()) != 2 {
		t.Fatalf("%d errors, %d calls", failures, len(fake.received()))
	}
}

func TestATokenThatRepeatsIsAnError(t *testing.T) {
	fake := startPages(t, map[string]*mutexgroupsv1.ListMutexGroupsResponse{"": page("b", "1"), "b": page("b", "2")})
	ids, err := list(fake.connect(t), nil)
	var failure *Error
	if !errors.As(err, &failure) || failure.Code != codes.Internal || strings.Join(ids, " ") != "1" {
		t.Fatal(ids, err)
	}
	if len(fake.received()) != 2 {
		t.Fatalf("%d calls", len(fake.received()))
	}
}

func TestPagesHaveWhatCouldNotBeRead(t *testing.T) {
	unreadable := page("", "1")
	unreadable.Unreadable = []*mutexgroupsv1.UnreadableMutexGroup{{MutexGroupId: "9", Reason: "broken"}}
	fake := startPages(t, map[string]*mutexgroupsv1.ListMutexGroupsResponse{"": page("b"), "b": unreadable})
	var ids []string
	var pages int
	for page, err := range fake.connect(t).Pages(context.Background(), nil) {
		if err != nil {
			t.Fatal(err)
		}
		pages++
		for _, group := range page.GetUnreadable() {
			ids = append(ids, group.GetMutexGroupId())
		}
	}
	if pages != 2 || strings.Join(ids, " ") != "9" {
		t.Fatal(pages, ids)
	}
}
