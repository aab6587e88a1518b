package mutexgroups

import (
	"context"
	"errors"
	"time"

	"google.golang.org/grpc"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"

	"github.com/mutexgroups/mutexd/client/go/mutexgroupsv1"
)

const amplitudeKeyMetadata = "x-amplitude-management-key"

// A service behind a load balancer or NAT that forgets idle connections is noticed within these.
const (
	keepaliveTime    = 60 * time.Second
	keepaliveTimeout = 20 * time.Second
)

// A Client calls one service over one connection, which the first call makes. It is safe for concurrent
// use; make one and share it.
type Client struct {
	connection *grpc.ClientConn
	groups     mutexgroupsv1.MutexGroupServiceClient
	health     healthv1.HealthClient
	timeout    time.Duration
}

// New makes a client from the options and, for what they do not say, from the environment. It does not
// connect yet. It fails with an [*OptionError].
func New(given ...Option) (*Client, error) {
	o, err := resolve(given)
	if err != nil {
		return nil, err
	}
	transport, err := o.transportCredentials()
	if err != nil {
		return nil, err
	}
	config, err := serviceConfig(o.server.value)
	if err != nil {
		return nil, err
	}
	dialOptions := []grpc.DialOption{
		grpc.WithTransportCredentials(transport),
		grpc.WithDefaultServiceConfig(config),
		// A config in DNS would take the place of the published one.
		grpc.WithDisableServiceConfig(),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(o.maxReceiveBytes)),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: keepaliveTime, Timeout: keepaliveTimeout}),
	}
	if o.amplitudeKey.given() {
		dialOptions = append(dialOptions, grpc.WithChainUnaryInterceptor(sendingKey(o.amplitudeKey.value)))
	}
	connection, err := grpc.NewClient(target(o.server.value), append(dialOptions, o.dialOptions...)...)
	if err != nil {
		return nil, &OptionError{Option: o.server.origin, Problem: err.Error(), Err: err}
	}
	return &Client{
		connection: connection,
		groups:     mutexgroupsv1.NewMutexGroupServiceClient(connection),
		health:     healthv1.NewHealthClient(connection),
		timeout:    o.timeout,
	}, nil
}

// A function keeps the key out of whatever prints a client.
func sendingKey(key string) grpc.UnaryClientInterceptor {
	return func(ctx context.Context, method string, request, reply any, connection *grpc.ClientConn,
		invoker grpc.UnaryInvoker, options ...grpc.CallOption,
	) error {
		ctx = metadata.AppendToOutgoingContext(ctx, amplitudeKeyMetadata, key)
		return invoker(ctx, method, request, reply, connection, options...)
	}
}

// Close ends the connection; calls under way fail.
func (c *Client) Close() error { return c.connection.Close() }

// Get reads one group by its id, or by its key at the cost of a scan.
func (c *Client) Get(
	ctx context.Context, request *mutexgroupsv1.GetMutexGroupRequest, options ...CallOption,
) (*mutexgroupsv1.GetMutexGroupResponse, error) {
	return call(ctx, c, c.groups.GetMutexGroup, request, options)
}

// BatchGet reads 1 to 100 groups by their ids: all, or none.
func (c *Client) BatchGet(
	ctx context.Context, request *mutexgroupsv1.BatchGetMutexGroupsRequest, options ...CallOption,
) (*mutexgroupsv1.BatchGetMutexGroupsResponse, error) {
	return call(ctx, c, c.groups.BatchGetMutexGroups, request, options)
}

// Create makes a group once. It fills in the request's RequestId where that is empty: calling again with
// the same request after a failure returns the group of the first call and never makes a second one. The
// Error's Metadata has it too, as request_id.
func (c *Client) Create(
	ctx context.Context, request *mutexgroupsv1.CreateMutexGroupRequest, options ...CallOption,
) (*mutexgroupsv1.CreateMutexGroupResponse, error) {
	if request == nil {
		request = &mutexgroupsv1.CreateMutexGroupRequest{}
	}
	if request.RequestId == "" {
		request.RequestId = NewRequestID()
	}
	response, err := call(ctx, c, c.groups.CreateMutexGroup, request, options)
	var failure *Error
	if errors.As(err, &failure) {
		failure.Metadata["request_id"] = request.RequestId
	}
	return response, err
}

// Update changes a group's name and description.
func (c *Client) Update(
	ctx context.Context, request *mutexgroupsv1.UpdateMutexGroupRequest, options ...CallOption,
) (*mutexgroupsv1.UpdateMutexGroupResponse, error) {
	return call(ctx, c, c.groups.UpdateMutexGroup, request, options)
}

// UpdateSlot replaces the lists of a slot that the mask names.
func (c *Client) UpdateSlot(
	ctx context.Context, request *mutexgroupsv1.UpdateSlotRequest, options ...CallOption,
) (*mutexgroupsv1.UpdateSlotResponse, error) {
	return call(ctx, c, c.groups.UpdateSlot, request, options)
}

// AddSlotMembers adds members to a slot.
func (c *Client) AddSlotMembers(
	ctx context.Context, request *mutexgroupsv1.AddSlotMembersRequest, options ...CallOption,
) (*mutexgroupsv1.AddSlotMembersResponse, error) {
	return call(ctx, c, c.groups.AddSlotMembers, request, options)
}

// RemoveSlotMembers removes members from a slot.
func (c *Client) RemoveSlotMembers(
	ctx context.Context, request *mutexgroupsv1.RemoveSlotMembersRequest, options ...CallOption,
) (*mutexgroupsv1.RemoveSlotMembersResponse, error) {
	return call(ctx, c, c.groups.RemoveSlotMembers, request, options)
}

// MoveSlotMembers moves members from one slot of a group to another. It is safe to repeat.
func (c *Client) MoveSlotMembers(
	ctx context.Context, request *mutexgroupsv1.MoveSlotMembersRequest, options ...CallOption,
) (*mutexgroupsv1.MoveSlotMembersResponse, error) {
	return call(ctx, c, c.groups.MoveSlotMembers, request, options)
}

// Archive archives a group.
func (c *Client) Archive(
	ctx context.Context, request *mutexgroupsv1.ArchiveMutexGroupRequest, options ...CallOption,
) (*mutexgroupsv1.ArchiveMutexGroupResponse, error) {
	return call(ctx, c, c.groups.ArchiveMutexGroup, request, options)
}

// Unarchive takes a group out of the archive.
func (c *Client) Unarchive(
	ctx context.Context, request *mutexgroupsv1.UnarchiveMutexGroupRequest, options ...CallOption,
) (*mutexgroupsv1.UnarchiveMutexGroupResponse, error) {
	return call(ctx, c, c.groups.UnarchiveMutexGroup, request, options)
}

// CheckHealth asks the service for its own health, by the standard grpc.health.v1.
func (c *Client) CheckHealth(
	ctx context.Context, request *healthv1.HealthCheckRequest, options ...CallOption,
) (*healthv1.HealthCheckResponse, error) {
	return call(ctx, c, c.health.Check, request, options)
}
