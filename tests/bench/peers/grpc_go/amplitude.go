package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Amplitude's JSON.
type mutex struct {
	ID             json.Number `json:"id"`
	ProjectID      int64       `json:"projectId"`
	Key            string      `json:"key"`
	Name           string      `json:"name"`
	Description    string      `json:"description"`
	EvaluationMode string      `json:"evaluationMode"`
	BucketingKey   string      `json:"bucketingKey"`
	BucketingSalt  string      `json:"bucketingSalt"`
	Slots          []slot      `json:"slots"`
	Deleted        *bool       `json:"deleted"`
	CreatedBy      string      `json:"createdBy"`
	LastModifiedBy string      `json:"lastModifiedBy"`
	CreatedAt      *time.Time  `json:"createdAt"`
	LastModifiedAt *time.Time  `json:"lastModifiedAt"`
}

type slot struct {
	Index       int32    `json:"index"`
	Name        string   `json:"name"`
	VariantKey  string   `json:"variantKey"`
	Percentage  int32    `json:"percentage"`
	Experiments []int64  `json:"experiments"`
	Holdouts    []int64  `json:"holdouts"`
	Individuals []string `json:"individuals"`
	Cohorts     []string `json:"cohorts"`
}

type mutexPage struct {
	Mutexes    []mutex     `json:"mutexes"`
	NextCursor json.Number `json:"nextCursor"`
}

type amplitude struct {
	client *http.Client
	url    string
	key    string
}

func (a *amplitude) mutex(ctx context.Context, id string) (*mutex, error) {
	var result mutex
	if err := a.get(ctx, "/api/1/mutexes/"+url.PathEscape(id), &result); err != nil {
		return nil, err
	}
	return &result, nil
}

func (a *amplitude) mutexes(ctx context.Context, limit int32, cursor string) (*mutexPage, error) {
	query := url.Values{"limit": {strconv.Itoa(int(limit))}}
	if cursor != "" {
		query.Set("cursor", cursor)
	}
	var page mutexPage
	if err := a.get(ctx, "/api/1/mutexes?"+query.Encode(), &page); err != nil {
		return nil, err
	}
	return &page, nil
}

func (a *amplitude) get(ctx context.Context, path string, result any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, a.url+path, nil)
	if err != nil {
		return status.Error(codes.Internal, err.Error())
	}
	request.Header.Set("Authorization", "Bearer "+a.key)
	request.Header.Set("Accept", "application/json")
	response, err := a.client.Do(request)
	if err != nil {
		return status.Error(codes.Unavailable, err.Error())
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return status.Error(codeOf(response.StatusCode), fmt.Sprintf("Amplitude answered %s", response.Status))
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, 32<<20))
	if err != nil {
		return status.Error(codes.Unavailable, err.Error())
	}
	if err := json.Unmarshal(body, result); err != nil {
		return status.Error(codes.Internal, err.Error())
	}
	return nil
}

func codeOf(httpStatus int) codes.Code {
	switch httpStatus {
	case http.StatusBadRequest:
		return codes.InvalidArgument
	case http.StatusUnauthorized:
		return codes.FailedPrecondition
	case http.StatusForbidden:
		return codes.PermissionDenied
	case http.StatusNotFound:
		return codes.NotFound
	case http.StatusTooManyRequests:
		return codes.ResourceExhausted
	}
	if httpStatus >= 500 {
		return codes.Unavailable
	}
	return codes.Internal
}
