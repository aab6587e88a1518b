package mutexgroups

import (
	"context"
	"net"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"

	"github.com/mutexgroups/mutexd/client/go/mutexgroupsv1"
)

// A received is one call as it reached the service.
type received struct {
	metadata metadata.MD
	left     time.Duration // until the deadline; 0 without one
	list     *mutexgroupsv1.ListMutexGroupsRequest
	create   *mutexgroupsv1.CreateMutexGroupRequest
}

// A fakeService answers listings, gets and creates as the test says, and keeps what it was asked.
type fakeService struct {
	mutexgroupsv1.UnimplementedMutexGroupServiceServer

	address  string
	onList   func(*mutexgroupsv1.ListMutexGroupsRequest) (*mutexgroupsv1.ListMutexGroupsResponse, error)
	onGet    func(context.Context) (*mutexgroupsv1.GetMutexGroupResponse, error)
	onCreate func() (*mutexgroupsv1.CreateMutexGroupResponse, error)

	mutex sync.Mutex
	calls []received
}

// startFake serves until the test ends. Without credentials it is plain text.
func startFake(t *testing.T, transport credentials.TransportCredentials) *fakeService {
	t.Helper()
	return serveFake(t, "tcp", "127.0.0.1:0", transport)
}

func serveFake(t *testing.T, network, address string, transport credentials.TransportCredentials) *fakeService {
	t.Helper()
	listener, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	var options []grpc.ServerOption
	if transport != nil {
		options = append(options, grpc.Creds(transport))
	}
	server := grpc.NewServer(options...)
	fake := &fakeService{address: listener.Addr().String()}
	mutexgroupsv1.RegisterMutexGroupServiceServer(server, fake)
	healthv1.RegisterHealthServer(server, health.NewServer())
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	return fake
}

// connect makes a client of the fake that knows no environment.
func (f *fakeService) connect(t *testing.T, options ...Option) *Client {
	t.Helper()
	return connect(t, append([]Option{WithServer(f.address)}, options...)...)
}

func connect(t *testing.T, options ...Option) *Client {
	t.Helper()
	client, err := New(append([]Option{WithEnvironment(noVariables)}, options...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return client
}

func noVariables(string) string { return "" }

func (f *fakeService) record(ctx context.Context, call received) {
	call.metadata, _ = metadata.FromIncomingContext(ctx)
	if deadline, ok := ctx.Deadline(); ok {
		call.left = time.Until(deadline)
	}
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.calls = append(f.calls, call)
}

// received returns the calls until now.
func (f *fakeService) received() []received {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	return append([]received(nil), f.calls...)
}

func (f *fakeService) ListMutexGroups(
	ctx context.Context, request *mutexgroupsv1.ListMutexGroupsRequest,
) (*mutexgroupsv1.ListMutexGroupsResponse, error) {
	f.record(ctx, received{list: request})
	if f.onList != nil {
		return f.onList(request)
	}
	return &mutexgroupsv1.ListMutexGroupsResponse{}, nil
}

func (f *fakeService) GetMutexGroup(
	ctx context.Context, _ *mutexgroupsv1.GetMutexGroupRequest,
) (*mutexgroupsv1.GetMutexGroupResponse, error) {
	f.record(ctx, received{})
	if f.onGet != nil {
		return f.onGet(ctx)
	}
	return &mutexgroupsv1.GetMutexGroupResponse{}, nil
}

func (f *fakeService) CreateMutexGroup(
	ctx context.Context, request *mutexgroupsv1.CreateMutexGroupRequest,
) (*mutexgroupsv1.CreateMutexGroupResponse, error) {
	f.record(ctx, received{create: request})
	if f.onCreate != nil {
		return f.onCreate()
	}
	return &mutexgroupsv1.CreateMutexGroupResponse{}, nil
}
