package mutexgroups

import (
	"context"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

const requestIDMetadata = "x-request-id"

// A CallOption changes one call.
type CallOption func(*callOptions)

type callOptions struct {
	timeout       time.Duration
	correlationID string
}

// Timeout bounds the call, its retries included, in place of the client's time-out; in a listing each
// page. An earlier deadline of the context stays in force.
func Timeout(timeout time.Duration) CallOption {
	return func(o *callOptions) { o.timeout = timeout }
}

// CorrelationID is sent as the metadata x-request-id, to find the call in the service's logs; the service
// makes one for a call without.
func CorrelationID(id string) CallOption {
	return func(o *callOptions) { o.correlationID = id }
}

// call makes one RPC with the deadline and the metadata that the options say.
func call[Request, Response any](
	ctx context.Context, c *Client,
	rpc func(context.Context, *Request, ...grpc.CallOption) (*Response, error),
	request *Request, given []CallOption,
) (*Response, error) {
	var options callOptions
	for _, option := range given {
		option(&options)
	}
	if _, hasDeadline := ctx.Deadline(); options.timeout == 0 && !hasDeadline {
		options.timeout = c.timeout
	}
	if options.timeout != 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, options.timeout)
		defer cancel()
	}
	if options.correlationID != "" {
		ctx = metadata.AppendToOutgoingContext(ctx, requestIDMetadata, options.correlationID)
	}
	var trailer metadata.MD
	response, err := rpc(ctx, request, grpc.Trailer(&trailer))
	if err != nil {
		return nil, errorFrom(status.Convert(err), trailer)
	}
	return response, nil
}
