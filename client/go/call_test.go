package mutexgroups

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"github.com/mutexgroups/mutexd/client/go/mutexgroupsv1"
)

// Deadlines lose what the way takes; a slow machine loses a lot.
const slack = 20 * time.Second

func TestDeadlines(t *testing.T) {
	for name, test := range map[string]struct {
		ofClient, ofContext, ofCall time.Duration
		want                        time.Duration
	}{
		"30 s unless told otherwise":                      {want: 30 * time.Second},
		"the client's":                                    {ofClient: time.Minute, want: time.Minute},
		"the call's, also over the client's":              {ofCall: 2 * time.Minute, want: 2 * time.Minute},
		"the context's, also over the client's":           {ofContext: 3 * time.Minute, want: 3 * time.Minute},
		"the context's, where it is before the call's":    {ofContext: time.Minute, ofCall: time.Hour, want: time.Minute},
		"the call's, where it is before the context's":    {ofContext: time.Hour, ofCall: time.Minute, want: time.Minute},
		"the call's, over the published config's of 30 s": {ofCall: time.Hour, want: time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			fake := startFake(t, nil)
			var options []Option
			if test.ofClient != 0 {
				options = append(options, WithTimeout(test.ofClient))
			}
			ctx := context.Background()
			if test.ofContext != 0 {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, test.ofContext)
				defer cancel()
			}
			var callOptions []CallOption
			if test.ofCall != 0 {
				callOptions = append(callOptions, Timeout(test.ofCall))
			}
			if _, err := fake.connect(t, options...).Get(ctx, nil, callOptions...); err != nil {
				t.Fatal(err)
			}
			if left := fake.received()[0].left; left > test.want || left < test.want-slack {
				t.Fatalf("%v were left, not some less than %v", left, test.want)
			}
		})
	}
}

func TestADeadlineAndACancellationAreTold(t *testing.T) {
	fake := startFake(t, nil)
	arrived := make(chan struct{}, 1)
	fake.onGet = func(ctx context.Context) (*mutexgroupsv1.GetMutexGroupResponse, error) {
		arrived <- struct{}{}
		<-ctx.Done()
		return nil, status.FromContextError(ctx.Err()).Err()
	}
	client := fake.connect(t)
	_, err := client.Get(context.Background(), nil, Timeout(time.Millisecond))
	if !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		t.Errorf("after the deadline the error is %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	for len(arrived) > 0 {
		<-arrived
	}
	go func() {
		<-arrived
		cancel()
	}()
	_, err = client.Get(ctx, nil)
	if !errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("after the cancellation the error is %v", err)
	}
}

func TestACorrelationIDIsSent(t *testing.T) {
	fake := startFake(t, nil)
	if _, err := fake.connect(t).Get(context.Background(), nil, CorrelationID("order-17")); err != nil {
		t.Fatal(err)
	}
	if ids := fake.received()[0].metadata.Get("x-request-id"); len(ids) != 1 || ids[0] != "order-17" {
		t.Fatal(ids)
	}
}

func TestReadsAreRetriedByThePublishedConfig(t *testing.T) {
	for _, code := range []codes.Code{codes.Unavailable, codes.ResourceExhausted} {
		fake := startFake(t, nil)
		fake.onGet = func(context.Context) (*mutexgroupsv1.GetMutexGroupResponse, error) {
			if len(fake.received()) < 3 {
				return nil, status.Error(code, "try again")
			}
			return &mutexgroupsv1.GetMutexGroupResponse{}, nil
		}
		if _, err := fake.connect(t).Get(context.Background(), nil); err != nil {
			t.Error(err)
		}
		if calls := len(fake.received()); calls != 3 {
			t.Errorf("%v: %d attempts", code, calls)
		}
	}
}

func TestReadsAreNotRetriedForever(t *testing.T) {
	fake := startFake(t, nil)
	fake.onGet = func(context.Context) (*mutexgroupsv1.GetMutexGroupResponse, error) {
		return nil, status.Error(codes.Unavailable, "down")
	}
	if _, err := fake.connect(t).Get(context.Background(), nil); status.Code(err) != codes.Unavailable {
		t.Fatal(err)
	}
	if calls := len(fake.received()); calls != 4 {
		t.Fatalf("%d attempts", calls)
	}
}

func TestWritesAreNeverRetried(t *testing.T) {
	fake := startFake(t, nil)
	fake.onCreate = func() (*mutexgroupsv1.CreateMutexGroupResponse, error) {
		return nil, status.Error(codes.Unavailable, "down")
	}
	if _, err := fake.connect(t).Create(context.Background(), nil); status.Code(err) != codes.Unavailable {
		t.Fatal(err)
	}
	if calls := len(fake.received()); calls != 1 {
		t.Fatalf("%d attempts", calls)
	}
}

func TestMessagesUpToTheLimitAreTaken(t *testing.T) {
	fake := startFake(t, nil)
	fake.onGet = func(context.Context) (*mutexgroupsv1.GetMutexGroupResponse, error) {
		group := &mutexgroupsv1.MutexGroup{Description: strings.Repeat("x", 5<<20)}
		return &mutexgroupsv1.GetMutexGroupResponse{MutexGroup: group}, nil
	}
	if _, err := fake.connect(t).Get(context.Background(), nil); err != nil {
		t.Errorf("5 MiB: %v", err)
	}
	limited := fake.connect(t, WithMaxReceiveBytes(1<<20))
	if _, err := limited.Get(context.Background(), nil); status.Code(err) != codes.ResourceExhausted {
		t.Errorf("over the limit: %v", err)
	}
}

func TestUnixSockets(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mutexd.sock")
	serveFake(t, "unix", path, nil)
	if _, err := connect(t, WithServer("unix:"+path)).Get(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
}

func TestLiteralAddressesOfOtherGRPCsWork(t *testing.T) {
	fake := startFake(t, nil)
	if _, err := connect(t, WithServer("ipv4:"+fake.address)).Get(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
}

func TestHealth(t *testing.T) {
	reply, err := startFake(t, nil).connect(t).CheckHealth(context.Background(), &healthv1.HealthCheckRequest{})
	if err != nil || reply.GetStatus() != healthv1.HealthCheckResponse_SERVING {
		t.Fatal(reply, err)
	}
}

func TestAClosedClientSaysSo(t *testing.T) {
	client := startFake(t, nil).connect(t)
	if err := client.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := client.Get(context.Background(), nil); status.Code(err) != codes.Canceled {
		t.Fatal(err)
	}
}

func TestEveryRPCHasItsMethod(t *testing.T) {
	client := startFake(t, nil).connect(t)
	ctx := context.Background()
	for name, call := range map[string]func() error{
		"BatchGetMutexGroups": func() error { _, err := client.BatchGet(ctx, nil); return err },
		"UpdateMutexGroup":    func() error { _, err := client.Update(ctx, nil); return err },
		"UpdateSlot":          func() error { _, err := client.UpdateSlot(ctx, nil); return err },
		"AddSlotMembers":      func() error { _, err := client.AddSlotMembers(ctx, nil); return err },
		"RemoveSlotMembers":   func() error { _, err := client.RemoveSlotMembers(ctx, nil); return err },
		"MoveSlotMembers":     func() error { _, err := client.MoveSlotMembers(ctx, nil); return err },
		"ArchiveMutexGroup":   func() error { _, err := client.Archive(ctx, nil); return err },
		"UnarchiveMutexGroup": func() error { _, err := client.Unarchive(ctx, nil); return err },
	} {
		// The fake does not have them, and says which one it was asked for.
		if err := call(); status.Code(err) != codes.Unimplemented || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
