package mutexgroups

import (
	"context"
	"errors"
	"regexp"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/mutexgroups/mutexd/client/go/mutexgroupsv1"
)

var uuid4 = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

func TestRequestIDsAreUUIDs(t *testing.T) {
	first, second := NewRequestID(), NewRequestID()
	if !uuid4.MatchString(first) || first == second {
		t.Fatal(first, second)
	}
}

func TestACreateThatIsRepeatedHasTheSameID(t *testing.T) {
	fake := startFake(t, nil)
	fake.onCreate = func() (*mutexgroupsv1.CreateMutexGroupResponse, error) {
		if len(fake.received()) == 1 {
			return nil, status.Error(codes.Unavailable, "down")
		}
		return &mutexgroupsv1.CreateMutexGroupResponse{}, nil
	}
	client := fake.connect(t)
	request := &mutexgroupsv1.CreateMutexGroupRequest{}
	_, err := client.Create(context.Background(), request)
	var failure *Error
	if !errors.As(err, &failure) || failure.Metadata["request_id"] != request.GetRequestId() {
		t.Fatalf("the error is %#v", err)
	}
	if _, err := client.Create(context.Background(), request); err != nil {
		t.Fatal(err)
	}
	calls := fake.received()
	if id := calls[0].create.GetRequestId(); !uuid4.MatchString(id) || id != calls[1].create.GetRequestId() {
		t.Fatal(calls)
	}
}

func TestACreateKeepsTheCallersID(t *testing.T) {
	fake := startFake(t, nil)
	id := NewRequestID()
	request := &mutexgroupsv1.CreateMutexGroupRequest{RequestId: id}
	if _, err := fake.connect(t).Create(context.Background(), request); err != nil {
		t.Fatal(err)
	}
	if got := fake.received()[0].create.GetRequestId(); got != id {
		t.Fatal(got)
	}
}
