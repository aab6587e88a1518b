package mutexgroups

import (
	"context"
	"iter"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/mutexgroups/mutexd/client/go/mutexgroupsv1"
)

// The most groups that a page can have. A page costs the service one upstream request whatever its
// size, so a listing asks for pages of this size unless told otherwise.
const largestPage = 1000

// List goes over all groups, page by page as they are needed. An error is the last thing that comes.
// Groups that the service could not read are left out: [Client.Pages] has them. The request may be nil;
// it is not changed. The deadline of the context is that of the whole listing; [Timeout] bounds each page.
func (c *Client) List(
	ctx context.Context, request *mutexgroupsv1.ListMutexGroupsRequest, options ...CallOption,
) iter.Seq2[*mutexgroupsv1.MutexGroup, error] {
	return func(yield func(*mutexgroupsv1.MutexGroup, error) bool) {
		for page, err := range c.Pages(ctx, request, options...) {
			if err != nil {
				yield(nil, err)
				return
			}
			for _, group := range page.GetMutexGroups() {
				if !yield(group, nil) {
					return
				}
			}
		}
	}
}

// Pages goes over the pages of a listing as List does over its groups. A page can be empty and still have
// a successor.
func (c *Client) Pages(
	ctx context.Context, request *mutexgroupsv1.ListMutexGroupsRequest, options ...CallOption,
) iter.Seq2[*mutexgroupsv1.ListMutexGroupsResponse, error] {
	return func(yield func(*mutexgroupsv1.ListMutexGroupsResponse, error) bool) {
		next := &mutexgroupsv1.ListMutexGroupsRequest{}
		proto.Merge(next, request)
		if next.PageSize == 0 {
			next.PageSize = largestPage
		}
		for {
			page, err := call(ctx, c, c.groups.ListMutexGroups, next, options)
			if err == nil && page.GetNextPageToken() != "" && page.GetNextPageToken() == next.GetPageToken() {
				// Following it would never end.
				err = errorFrom(status.New(codes.Internal,
					"the service answered with the page token that it was asked with"), nil)
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(page, nil) || page.GetNextPageToken() == "" {
				return
			}
			next.PageToken = page.GetNextPageToken()
		}
	}
}
