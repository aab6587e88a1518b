"""From gRPC's errors to those of this package."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Protocol

import grpc
from google.protobuf.message import DecodeError, Message
from google.rpc import error_details_pb2, status_pb2

from mutexgroups.errors import FieldViolation, MutexGroupsError, QuotaViolation, Resource
from mutexgroups.v1.errors_pb2 import ErrorReason

_DOMAIN = "mutexgroups"
_DETAILS_KEY = "grpc-status-details-bin"
_REQUEST_ID_KEY = "x-request-id"


class FailedCall(Protocol):
    """What the errors of grpc and of grpc.aio have in common."""

    def code(self) -> Any: ...
    def details(self) -> Any: ...
    def trailing_metadata(self) -> Any: ...


def error_from(call: FailedCall) -> MutexGroupsError:
    trailers: dict[str, str | bytes] = dict(call.trailing_metadata() or ())
    code: grpc.StatusCode = call.code()
    error = MutexGroupsError(code, call.details() or "")
    request_id = trailers.get(_REQUEST_ID_KEY, "")
    error.request_id = request_id if isinstance(request_id, str) else ""
    packed = trailers.get(_DETAILS_KEY)
    if isinstance(packed, bytes):
        _read_details(packed, error)
    return error


def _read_details(packed: bytes, error: MutexGroupsError) -> None:
    try:
        status = status_pb2.Status.FromString(packed)
        for packed_detail in status.details:
            for kind, read in _READERS.items():
                detail = kind()
                if packed_detail.Unpack(detail):
                    read(detail, error)
    except DecodeError:
        pass  # what is left of the details is not the service's


def _read_error_info(info: Any, error: MutexGroupsError) -> None:
    if info.domain != _DOMAIN:
        return
    error.reason_name = info.reason
    name = f"ERROR_REASON_{info.reason}"
    if name in ErrorReason.keys():  # noqa: SIM118  (a wrapper of an enum, not a dict)
        error.reason = ErrorReason.Value(name)
    error.metadata = dict(info.metadata)
    http_status = info.metadata.get("http_status", "")
    if http_status.isascii() and http_status.isdecimal():
        error.http_status = int(http_status)


def _read_bad_request(detail: Any, error: MutexGroupsError) -> None:
    error.violations = [
        FieldViolation(one.field, one.description) for one in detail.field_violations
    ]


def _read_quota_failure(detail: Any, error: MutexGroupsError) -> None:
    error.quota_violations = [
        QuotaViolation(one.subject, one.description) for one in detail.violations
    ]


def _read_retry_info(detail: Any, error: MutexGroupsError) -> None:
    delay = detail.retry_delay
    error.retry_delay = timedelta(seconds=delay.seconds, microseconds=delay.nanos // 1000)


def _read_resource_info(detail: Any, error: MutexGroupsError) -> None:
    error.resource = Resource(detail.resource_type, detail.resource_name, detail.description)


def _read_request_info(detail: Any, error: MutexGroupsError) -> None:
    error.request_id = detail.request_id


_READERS: dict[type[Message], Callable[[Any, MutexGroupsError], None]] = {
    error_details_pb2.ErrorInfo: _read_error_info,
    error_details_pb2.BadRequest: _read_bad_request,
    error_details_pb2.QuotaFailure: _read_quota_failure,
    error_details_pb2.RetryInfo: _read_retry_info,
    error_details_pb2.ResourceInfo: _read_resource_info,
    error_details_pb2.RequestInfo: _read_request_info,
}
