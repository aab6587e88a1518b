package mutexgroups

import (
	"context"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/mutexgroups/mutexd/client/go/mutexgroupsv1"
)

const errorDomain = "mutexgroups"

// An Error tells why a call failed, with the details that the service attaches read into plain fields.
// Every method of Client that makes a call fails with one:
//
//	var failure *mutexgroups.Error
//	if errors.As(err, &failure) && failure.Reason == mutexgroupsv1.ErrorReason_ERROR_REASON_ETAG_MISMATCH {
//
// It works with status.FromError and status.Code too, and [errors.Is] with context.DeadlineExceeded and
// context.Canceled.
type Error struct {
	Code codes.Code

	// Unspecified where gRPC itself made the status (no connection, an unknown method), and where the
	// service is newer than this package: then ReasonName still has the name.
	Reason mutexgroupsv1.ErrorReason

	// The reason's name without its prefix, such as "ETAG_MISMATCH"; "" for a status of gRPC itself.
	ReasonName string

	Message string

	// All of google.rpc.ErrorInfo's metadata, such as current_etag or write_sent. A failed create has
	// request_id, with which it can be repeated.
	Metadata map[string]string

	// What Amplitude answered; 0 where it did not.
	HTTPStatus int

	Violations      []FieldViolation
	QuotaViolations []QuotaViolation

	// When to come back; nil where the service does not say.
	RetryDelay *time.Duration

	// Names the call in the service's logs.
	RequestID string

	// What the call was about; nil where the service does not say.
	Resource *Resource

	status *status.Status
}

// A FieldViolation is one thing that is wrong with a request.
type FieldViolation struct {
	Field       string // counts from zero, such as mutex_group.slots[2].percentage
	Description string // what is wrong and how to mend it
}

// A QuotaViolation is a budget that is spent.
type QuotaViolation struct {
	Subject     string
	Description string
}

// A Resource is what a call was about.
type Resource struct {
	Type        string // such as mutexgroups.v1.MutexGroup
	Name        string
	Description string
}

func (e *Error) Error() string {
	var text strings.Builder
	fmt.Fprintf(&text, "mutexgroups: %v", e.Code)
	if e.ReasonName != "" {
		fmt.Fprintf(&text, " (%s)", e.ReasonName)
	}
	fmt.Fprintf(&text, ": %s", e.Message)
	if e.RequestID != "" {
		fmt.Fprintf(&text, " [request %s]", e.RequestID)
	}
	return text.String()
}

// GRPCStatus is the status as it came, for status.FromError.
func (e *Error) GRPCStatus() *status.Status { return e.status }

// Is tells a deadline and a cancellation as package context names them.
func (e *Error) Is(target error) bool {
	return e.Code == codes.DeadlineExceeded && target == context.DeadlineExceeded ||
		e.Code == codes.Canceled && target == context.Canceled
}

// errorFrom reads a status that is not OK.
func errorFrom(failed *status.Status, trailer metadata.MD) *Error {
	e := &Error{
		Code: failed.Code(), Message: failed.Message(), Metadata: map[string]string{}, status: failed,
	}
	if ids := trailer.Get(requestIDMetadata); len(ids) > 0 {
		e.RequestID = ids[0]
	}
	for _, detail := range failed.Details() {
		switch detail := detail.(type) {
		case *errdetails.ErrorInfo:
			e.readInfo(detail)
		case *errdetails.BadRequest:
			for _, violation := range detail.GetFieldViolations() {
				e.Violations = append(e.Violations,
					FieldViolation{Field: violation.GetField(), Description: violation.GetDescription()})
			}
		case *errdetails.QuotaFailure:
			for _, violation := range detail.GetViolations() {
				e.QuotaViolations = append(e.QuotaViolations,
					QuotaViolation{Subject: violation.GetSubject(), Description: violation.GetDescription()})
			}
		case *errdetails.RetryInfo:
			delay := detail.GetRetryDelay().AsDuration()
			e.RetryDelay = &delay
		case *errdetails.ResourceInfo:
			e.Resource = &Resource{
				Type:        detail.GetResourceType(),
				Name:        detail.GetResourceName(),
				Description: detail.GetDescription(),
			}
		case *errdetails.RequestInfo:
			e.RequestID = detail.GetRequestId()
		}
	}
	return e
}

func (e *Error) readInfo(info *errdetails.ErrorInfo) {
	if info.GetDomain() != errorDomain {
		return
	}
	e.ReasonName = info.GetReason()
	e.Reason = mutexgroupsv1.ErrorReason(mutexgroupsv1.ErrorReason_value["ERROR_REASON_"+info.GetReason()])
	maps.Copy(e.Metadata, info.GetMetadata())
	if number, err := strconv.Atoi(e.Metadata["http_status"]); err == nil {
		e.HTTPStatus = number
	}
}
