"""What the synchronous and the asynchronous client have in common: requests, and what is sent with
a call."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any, TypeVar

import grpc
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message

from mutexgroups._details import FailedCall, error_from
from mutexgroups.errors import MutexGroupsError, OptionError
from mutexgroups.options import Settings, check_timeout
from mutexgroups.v1.mutex_group_service_pb2 import (
    CreateMutexGroupRequest,
    ListMutexGroupsRequest,
    ListMutexGroupsResponse,
)

RequestT = TypeVar("RequestT", bound=Message)
Metadata = tuple[tuple[str, str], ...]

# The most groups that a page can have. A page costs the service one upstream request whatever its
# size, so a listing asks for pages of this size unless told otherwise.
LARGEST_PAGE = 1000


def request_of(
    kind: type[RequestT], request: RequestT | None, fields: Mapping[str, Any]
) -> RequestT:
    """The request itself, or a new one with these fields."""
    if request is None:
        values = dict(fields)
        mask = values.get("update_mask")
        if mask is not None and not isinstance(mask, FieldMask):
            if isinstance(mask, str):
                raise TypeError("update_mask: must be a list of names, or a FieldMask")
            values["update_mask"] = FieldMask(paths=mask)
        return kind(**values)
    if fields:
        raise TypeError(f"give either a {kind.__name__}, or its fields as keyword arguments")
    if not isinstance(request, kind):
        raise TypeError(f"expected a {kind.__name__}, not a {type(request).__name__}")
    return request


def first_page(
    request: ListMutexGroupsRequest | None, fields: Mapping[str, Any]
) -> ListMutexGroupsRequest:
    """A request of the caller's is copied, since it changes from page to page."""
    first = ListMutexGroupsRequest()
    first.CopyFrom(request_of(ListMutexGroupsRequest, request, fields))
    first.page_size = first.page_size or LARGEST_PAGE
    return first


def advance(request: ListMutexGroupsRequest, page: ListMutexGroupsResponse) -> bool:
    """Whether another page follows, which `request` then asks for."""
    if not page.next_page_token:
        return False
    if page.next_page_token == request.page_token:
        # Following it would never end.
        raise MutexGroupsError(
            grpc.StatusCode.INTERNAL,
            "the service answered with the page token that it was asked with",
        )
    request.page_token = page.next_page_token
    return True


def fill_in_request_id(request: CreateMutexGroupRequest) -> None:
    if not request.request_id:
        request.request_id = str(uuid.uuid4())


def timeout_of(settings: Settings, timeout: float | None) -> float:
    return settings.timeout if timeout is None else check_timeout(timeout)


def metadata_of(settings: Settings, correlation_id: str) -> Metadata:
    metadata: Metadata = ()
    if correlation_id:
        if not all(" " <= character <= "~" for character in correlation_id):
            raise OptionError("correlation_id: must be of printable ASCII characters")
        metadata += (("x-request-id", correlation_id),)
    if settings.amplitude_key:
        metadata += (("x-amplitude-management-key", settings.amplitude_key),)
    return metadata


def failure(call: FailedCall, request: Message) -> MutexGroupsError:
    error = error_from(call)
    if isinstance(request, CreateMutexGroupRequest):
        # So that a caller who gave none can repeat the call with it.
        error.metadata = {"request_id": request.request_id, **error.metadata}
    return error
