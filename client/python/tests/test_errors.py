"""Errors as Python's users handle them."""

from __future__ import annotations

import pickle
from datetime import timedelta

import grpc
import pytest
from google.protobuf import any_pb2
from google.rpc import error_details_pb2, status_pb2

import mutexgroups


def rich_failure(request, context):
    status = status_pb2.Status(code=9, message="no")
    info = error_details_pb2.ErrorInfo(domain="mutexgroups", reason="ETAG_MISMATCH")
    info.metadata["current_etag"] = "v1-a"
    retry = error_details_pb2.RetryInfo()
    retry.retry_delay.FromTimedelta(timedelta(seconds=1.5))
    request_violation = error_details_pb2.BadRequest.FieldViolation(field="a", description="is b")
    for detail in (info, retry, error_details_pb2.BadRequest(field_violations=[request_violation])):
        packed = any_pb2.Any()
        packed.Pack(detail)
        status.details.append(packed)
    details = ("grpc-status-details-bin", status.SerializeToString())
    context.set_trailing_metadata((details, ("x-request-id", "call-9")))
    context.abort(grpc.StatusCode.FAILED_PRECONDITION, "no")


@pytest.fixture
def error(service):
    service.answers["ArchiveMutexGroup"] = rich_failure
    with (
        mutexgroups.Client(service.address) as client,
        pytest.raises(mutexgroups.MutexGroupsError) as caught,
    ):
        client.archive()
    return caught.value


def test_reasons_can_be_compared(error):
    assert error.code is grpc.StatusCode.FAILED_PRECONDITION
    assert error.reason == mutexgroups.ErrorReason.ERROR_REASON_ETAG_MISMATCH
    assert error.reason_name == "ETAG_MISMATCH"
    assert error.retry_delay == timedelta(seconds=1.5)
    assert error.violations[0] == mutexgroups.FieldViolation("a", "is b")
    assert error.request_id == "call-9"


def test_the_error_of_grpc_is_the_cause(error):
    assert isinstance(error.__cause__, grpc.RpcError)


def test_the_text_has_what_helps(error):
    assert str(error).splitlines() == [
        "FAILED_PRECONDITION (ETAG_MISMATCH): no",
        "  a: is b",
        "  request id: call-9",
    ]


def test_errors_survive_pickling(error):
    other = pickle.loads(pickle.dumps(error))
    assert str(other) == str(error)
    assert vars(other) == vars(error)
