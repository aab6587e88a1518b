"""What a failed RPC says, unpacked and checked for what every error of the service must have."""

from __future__ import annotations

import base64
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import grpc
from google.rpc import error_details_pb2, status_pb2

DETAILS_KEY = "grpc-status-details-bin"
MAX_TRAILERS = 6 * 1024
MAX_MESSAGE = 512


@dataclass(frozen=True)
class Failure:
    code: grpc.StatusCode
    message: str
    reason: str
    metadata: dict[str, str]
    violations: list[tuple[str, str]]  # field, description
    retry_seconds: float | None
    resource: tuple[str, str] | None  # type, name
    trailers: dict[str, str | bytes]

    @property
    def fields(self) -> list[str]:
        return [name for name, _ in self.violations]

    @property
    def pushback(self) -> int | None:
        value = self.trailers.get("grpc-retry-pushback-ms")
        return None if value is None else int(value)

    def description_of(self, name: str) -> str:
        found = [text for violated, text in self.violations if violated == name]
        assert len(found) == 1, f"{name} is not among {self.violations}"
        return found[0]


def trailer_bytes(message: str, details: bytes) -> int:
    """The size of message and details as HTTP/2 carries them: percent-encoded, and base64."""
    encoded = urllib.parse.quote(message, safe=" !\"#$&'()*+,-./:;<=>?@[\\]^_`{|}~")
    return len(encoded) + len(base64.b64encode(details))


def failure_of(error: grpc.RpcError) -> Failure:
    """Unpacks an error, having checked what every error of the service must have."""
    trailers = {key: value for key, value in error.trailing_metadata() or ()}
    packed = trailers.get(DETAILS_KEY)
    assert packed is not None, f"no details: {error.code()} {error.details()}"
    status = status_pb2.Status.FromString(packed)
    assert status.code == error.code().value[0]
    assert status.message == error.details()

    details: dict[str, Any] = {}
    for packed_detail in status.details:
        name = packed_detail.type_url.rpartition("/")[2]
        assert packed_detail.type_url == f"type.googleapis.com/{name}"
        assert name.startswith("google.rpc."), name
        assert name not in details, f"{name} twice"
        detail = getattr(error_details_pb2, name.removeprefix("google.rpc."))()
        assert packed_detail.Unpack(detail)
        details[name.removeprefix("google.rpc.")] = detail

    info = details.get("ErrorInfo")
    assert info is not None, f"no ErrorInfo: {status}"
    assert info.domain == "mutexgroups"
    request_info = details.get("RequestInfo")
    assert request_info is not None, f"no RequestInfo: {status}"
    assert request_info.request_id == trailers.get("x-request-id")
    assert len(error.details().encode()) <= MAX_MESSAGE
    assert trailer_bytes(error.details(), packed) <= MAX_TRAILERS

    retry = details.get("RetryInfo")
    resource = details.get("ResourceInfo")
    bad_request = details.get("BadRequest")
    return Failure(
        code=error.code(),
        message=error.details(),
        reason=info.reason,
        metadata=dict(info.metadata),
        violations=[
            (violation.field, violation.description)
            for violation in (bad_request.field_violations if bad_request else ())
        ],
        retry_seconds=retry.retry_delay.ToTimedelta().total_seconds() if retry else None,
        resource=(resource.resource_type, resource.resource_name) if resource else None,
        trailers=trailers,
    )


def failure(call: Callable, *arguments, **options) -> Failure:
    """Makes a call that must fail, and unpacks its error."""
    try:
        answer = call(*arguments, **options)
    except grpc.RpcError as error:
        return failure_of(error)
    raise AssertionError(f"the call succeeded: {answer}")


def expect(code: str, reason: str, call: Callable, *arguments, **options) -> Failure:
    """Makes a call that must fail with this code and reason."""
    failed = failure(call, *arguments, **options)
    seen = (failed.code.name, failed.reason)
    assert seen == (code, reason), f"{seen}: {failed.message} {failed.metadata} {failed.violations}"
    return failed
