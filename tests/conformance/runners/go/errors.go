package main

import (
	"google.golang.org/genproto/googleapis/rpc/code"

	mutexgroups "github.com/mutexgroups/mutexd/client/go"
)

func errorJSON(failure *mutexgroups.Error) map[string]any {
	violations := []map[string]string{}
	for _, one := range failure.Violations {
		violations = append(violations, map[string]string{"field": one.Field, "description": one.Description})
	}
	quotas := []map[string]string{}
	for _, one := range failure.QuotaViolations {
		quotas = append(quotas, map[string]string{"subject": one.Subject, "description": one.Description})
	}
	result := map[string]any{
		"code":             code.Code(failure.Code).String(),
		"reason":           failure.ReasonName,
		"message":          failure.Message,
		"metadata":         failure.Metadata,
		"http_status":      nil,
		"violations":       violations,
		"quota_violations": quotas,
		"resource":         nil,
		"retry_delay_ms":   nil,
		"request_id":       failure.RequestID,
	}
	if failure.HTTPStatus != 0 {
		result["http_status"] = failure.HTTPStatus
	}
	if failure.RetryDelay != nil {
		result["retry_delay_ms"] = failure.RetryDelay.Milliseconds()
	}
	if resource := failure.Resource; resource != nil {
		result["resource"] = map[string]string{
			"type": resource.Type, "name": resource.Name, "description": resource.Description,
		}
	}
	return result
}
