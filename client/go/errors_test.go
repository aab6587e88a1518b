package mutexgroups

import (
	"context"
	"errors"
	"net"
	"reflect"
	"strings"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/mutexgroups/mutexd/client/go/mutexgroupsv1"
)

func with(t *testing.T, details ...protoadapt.MessageV1) *status.Status {
	t.Helper()
	failed, err := status.New(codes.Aborted, "no").WithDetails(details...)
	if err != nil {
		t.Fatal(err)
	}
	return failed
}

func TestAllDetailsAreRead(t *testing.T) {
	failed := with(t,
		&errdetails.ErrorInfo{
			Domain: "mutexgroups", Reason: "ETAG_MISMATCH",
			Metadata: map[string]string{"current_etag": "v1-2", "http_status": "409"},
		},
		&errdetails.BadRequest{FieldViolations: []*errdetails.BadRequest_FieldViolation{{Field: "f", Description: "d"}}},
		&errdetails.QuotaFailure{Violations: []*errdetails.QuotaFailure_Violation{{Subject: "s", Description: "q"}}},
		&errdetails.RetryInfo{RetryDelay: durationpb.New(1500 * time.Millisecond)},
		&errdetails.ResourceInfo{ResourceType: "t", ResourceName: "n", Description: "r"},
		&errdetails.RequestInfo{RequestId: "in-details"},
	)
	got := errorFrom(failed, metadata.Pairs("x-request-id", "in-trailer"))
	delay := 1500 * time.Millisecond
	want := &Error{
		Code:            codes.Aborted,
		Reason:          mutexgroupsv1.ErrorReason_ERROR_REASON_ETAG_MISMATCH,
		ReasonName:      "ETAG_MISMATCH",
		Message:         "no",
		Metadata:        map[string]string{"current_etag": "v1-2", "http_status": "409"},
		HTTPStatus:      409,
		Violations:      []FieldViolation{{Field: "f", Description: "d"}},
		QuotaViolations: []QuotaViolation{{Subject: "s", Description: "q"}},
		RetryDelay:      &delay,
		RequestID:       "in-details",
		Resource:        &Resource{Type: "t", Name: "n", Description: "r"},
		status:          failed,
	}
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("got %+v, want %+v", got, want)
	}
}

func TestTheTrailerNamesTheCallWhereTheDetailsDoNot(t *testing.T) {
	if got := errorFrom(with(t), metadata.Pairs("x-request-id", "in-trailer")); got.RequestID != "in-trailer" {
		t.Fatal(got)
	}
}

func TestAReasonOfANewerServiceKeepsItsName(t *testing.T) {
	got := errorFrom(with(t, &errdetails.ErrorInfo{Domain: "mutexgroups", Reason: "NEW_ONE"}), nil)
	if got.ReasonName != "NEW_ONE" || got.Reason != mutexgroupsv1.ErrorReason_ERROR_REASON_UNSPECIFIED {
		t.Fatal(got)
	}
}

func TestReasonsOfOthersAreNotOurs(t *testing.T) {
	got := errorFrom(with(t, &errdetails.ErrorInfo{Domain: "proxy", Reason: "ETAG_MISMATCH"}), nil)
	if got.ReasonName != "" || got.Reason != mutexgroupsv1.ErrorReason_ERROR_REASON_UNSPECIFIED {
		t.Fatal(got)
	}
}

func TestNoConnectionIsTheSameKindOfError(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	_ = listener.Close()
	_, err = connect(t, WithServer(address)).Update(context.Background(), nil)
	var failure *Error
	if !errors.As(err, &failure) || failure.Code != codes.Unavailable || failure.ReasonName != "" {
		t.Fatal(err)
	}
}

func TestAnErrorIsAStatusToo(t *testing.T) {
	failed := with(t, &errdetails.ErrorInfo{Domain: "mutexgroups", Reason: "ETAG_MISMATCH"})
	got, ok := status.FromError(errorFrom(failed, nil))
	if !ok || got.Code() != codes.Aborted || len(got.Details()) != 1 {
		t.Fatal(got)
	}
}

func TestTheTextHasWhatALogNeeds(t *testing.T) {
	failed := with(t,
		&errdetails.ErrorInfo{Domain: "mutexgroups", Reason: "ETAG_MISMATCH"}, &errdetails.RequestInfo{RequestId: "17"})
	text := errorFrom(failed, nil).Error()
	for _, want := range []string{"Aborted", "ETAG_MISMATCH", "no", "17"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q does not say %q", text, want)
		}
	}
}
