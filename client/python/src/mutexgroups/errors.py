"""Why a call failed, with the google.rpc details that the service attaches in plain fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import grpc

from mutexgroups.v1.errors_pb2 import ERROR_REASON_UNSPECIFIED, ErrorReason


@dataclass(frozen=True)
class FieldViolation:
    field: str  # counts from zero, such as `mutex_group.slots[2].percentage`
    description: str  # what is wrong and how to mend it


@dataclass(frozen=True)
class QuotaViolation:
    subject: str
    description: str


@dataclass(frozen=True)
class Resource:
    type: str  # such as "mutexgroups.v1.MutexGroup"
    name: str
    description: str


class OptionError(ValueError):
    """An option, an environment variable or a file that it names cannot be used."""


class MutexGroupsError(Exception):
    """A call failed. `__cause__` is the error of gRPC, where one was there."""

    code: grpc.StatusCode
    message: str

    reason: ErrorReason.ValueType
    """Unspecified where gRPC itself made the status (no connection, an unknown method), and where
    the service is newer than this library: then `reason_name` still has the name."""

    reason_name: str
    """The reason's name without its prefix, such as "ETAG_MISMATCH"; empty for statuses of gRPC."""

    metadata: Mapping[str, str]
    """All that the service says of the error, such as `current_etag` or `write_sent`; for a create
    `request_id`, with which the same call can be repeated."""

    http_status: int | None
    """What Amplitude answered, where it answered."""

    violations: Sequence[FieldViolation]
    quota_violations: Sequence[QuotaViolation]

    retry_delay: timedelta | None
    """When to come back, where the service says."""

    request_id: str
    """Names the call in the service's logs."""

    resource: Resource | None

    def __init__(
        self,
        code: grpc.StatusCode,
        message: str,
        *,
        reason: ErrorReason.ValueType = ERROR_REASON_UNSPECIFIED,
        reason_name: str = "",
        metadata: Mapping[str, str] | None = None,
        http_status: int | None = None,
        violations: Sequence[FieldViolation] = (),
        quota_violations: Sequence[QuotaViolation] = (),
        retry_delay: timedelta | None = None,
        request_id: str = "",
        resource: Resource | None = None,
    ) -> None:
        # What is required, so that the error can be pickled; the rest is in __dict__.
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.reason = reason
        self.reason_name = reason_name
        self.metadata = dict(metadata or {})
        self.http_status = http_status
        self.violations = tuple(violations)
        self.quota_violations = tuple(quota_violations)
        self.retry_delay = retry_delay
        self.request_id = request_id
        self.resource = resource

    def __str__(self) -> str:
        reason = f" ({self.reason_name})" if self.reason_name else ""
        lines = [f"{self.code.name}{reason}: {self.message}"]
        lines += [f"  {one.field}: {one.description}" for one in self.violations]
        if self.request_id:
            lines.append(f"  request id: {self.request_id}")
        return "\n".join(lines)
