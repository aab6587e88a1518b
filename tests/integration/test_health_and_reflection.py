"""The standard services: health, and reflection in both versions, as grpcurl uses them."""

from __future__ import annotations

import json
import shutil
import subprocess

import grpc
import pytest
from google.protobuf import descriptor_pb2, json_format
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2
from mutexgroups.v1 import mutex_group_service_pb2 as api

import process
from gateway import METHODS
from rpc_errors import expect

SERVICE = "mutexgroups.v1.MutexGroupService"
SERVING = health_pb2.HealthCheckResponse.SERVING


@pytest.fixture
def grpcurl(gateway):
    """Runs grpcurl against the gateway."""
    program = shutil.which("grpcurl") or process.REPOSITORY / ".cache" / "bin" / "grpcurl"

    def run(*arguments: str, flags: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
        return process.run([program, "-plaintext", *flags, gateway.address, *arguments])

    return run


# -- health


@pytest.mark.parametrize("service", ["", SERVICE])
def test_health_says_serving(gateway, service):
    health = health_pb2_grpc.HealthStub(gateway.channel())
    assert health.Check(health_pb2.HealthCheckRequest(service=service)).status == SERVING


def test_health_of_an_unknown_service_is_not_found(gateway):
    health = health_pb2_grpc.HealthStub(gateway.channel())
    with pytest.raises(grpc.RpcError) as error:
        health.Check(health_pb2.HealthCheckRequest(service="nothing"))
    assert error.value.code() == grpc.StatusCode.NOT_FOUND


def test_health_watch_begins_with_the_present_and_stays_open(gateway):
    health = health_pb2_grpc.HealthStub(gateway.channel())
    watch = health.Watch(health_pb2.HealthCheckRequest(service=SERVICE), timeout=30)
    assert next(watch).status == SERVING
    watch.cancel()


def test_health_watch_of_an_unknown_service_says_so(gateway):
    health = health_pb2_grpc.HealthStub(gateway.channel())
    watch = health.Watch(health_pb2.HealthCheckRequest(service="nothing"), timeout=30)
    assert next(watch).status == health_pb2.HealthCheckResponse.SERVICE_UNKNOWN
    watch.cancel()


def test_health_does_not_depend_on_amplitude(amplitude, gateway):
    amplitude.refuse()
    expect(
        "UNAVAILABLE",
        "AMPLITUDE_UNAVAILABLE",
        gateway.stub().GetMutexGroup,
        api.GetMutexGroupRequest(mutex_group_id="1"),
    )
    health = health_pb2_grpc.HealthStub(gateway.channel())
    assert health.Check(health_pb2.HealthCheckRequest()).status == SERVING
    assert gateway.http("/readyz").status == 200


# -- reflection


def reflect(gateway, version: str, **request) -> reflection_pb2.ServerReflectionResponse:
    """Asks reflection once; the messages of v1 and v1alpha are the same on the wire."""
    call = gateway.channel().stream_stream(
        f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo",
        request_serializer=reflection_pb2.ServerReflectionRequest.SerializeToString,
        response_deserializer=reflection_pb2.ServerReflectionResponse.FromString,
    )
    return next(call(iter([reflection_pb2.ServerReflectionRequest(**request)]), timeout=30))


VERSIONS = pytest.mark.parametrize("version", ["v1", "v1alpha"])


@VERSIONS
def test_reflection_lists_the_services(gateway, version):
    answer = reflect(gateway, version, list_services="")
    listed = {service.name for service in answer.list_services_response.service}
    assert listed == {
        SERVICE,
        "grpc.health.v1.Health",
        "grpc.reflection.v1.ServerReflection",
        "grpc.reflection.v1alpha.ServerReflection",
    }


@VERSIONS
@pytest.mark.parametrize(
    ("symbol", "file"),
    [
        (SERVICE, "mutexgroups/v1/mutex_group_service.proto"),
        (f"{SERVICE}.UpdateSlot", "mutexgroups/v1/mutex_group_service.proto"),
        ("mutexgroups.v1.MutexGroup.State", "mutexgroups/v1/mutex_group.proto"),
        ("mutexgroups.v1.ErrorReason", "mutexgroups/v1/errors.proto"),
        ("google.rpc.BadRequest", "google/rpc/error_details.proto"),
        ("google.rpc.ErrorInfo", "google/rpc/error_details.proto"),
        ("google.rpc.Status", "google/rpc/status.proto"),
        ("grpc.health.v1.Health", "grpc/health/v1/health.proto"),
    ],
)
def test_reflection_resolves_symbols(gateway, version, symbol, file):
    answer = reflect(gateway, version, file_containing_symbol=symbol)
    files = [
        descriptor_pb2.FileDescriptorProto.FromString(data).name
        for data in answer.file_descriptor_response.file_descriptor_proto
    ]
    assert file in files, answer


@VERSIONS
def test_reflection_of_an_unknown_symbol_is_not_found(gateway, version):
    answer = reflect(gateway, version, file_containing_symbol="no.such.Thing")
    assert answer.error_response.error_code == grpc.StatusCode.NOT_FOUND.value[0]


@VERSIONS
def test_reflection_finds_files_by_name(gateway, version):
    answer = reflect(gateway, version, file_by_filename="google/rpc/error_details.proto")
    assert answer.file_descriptor_response.file_descriptor_proto


# -- grpcurl


def test_grpcurl_lists_services_and_methods(grpcurl):
    assert SERVICE in grpcurl("list").stdout.split()
    methods = grpcurl("list", SERVICE).stdout.split()
    assert sorted(methods) == sorted(f"{SERVICE}.{name}" for name in METHODS)


@pytest.mark.parametrize("symbol", [SERVICE, "mutexgroups.v1.Slot", "google.rpc.BadRequest"])
def test_grpcurl_describes(grpcurl, symbol):
    described = grpcurl("describe", symbol)
    assert described.returncode == 0, described.stderr
    assert symbol.rpartition(".")[2] in described.stdout


def test_grpcurl_calls(amplitude, grpcurl):
    group_id = amplitude.add_group(
        name="From curl", slots=[{"percentage": 100, "experiments": [2**60]}]
    )
    answer = grpcurl(
        f"{SERVICE}/GetMutexGroup", flags=("-d", json.dumps({"mutexGroupId": str(group_id)}))
    )
    assert answer.returncode == 0, answer.stderr
    # Some versions of grpcurl write names as the protos have them.
    group = json_format.Parse(answer.stdout, api.GetMutexGroupResponse()).mutex_group
    assert group.name == "From curl"
    assert list(group.slots[0].experiment_ids) == [2**60]
    assert f'"{2**60}"' in answer.stdout


def test_grpcurl_takes_masks(amplitude, grpcurl):
    group_id = amplitude.add_group()
    body = {
        "mutexGroupId": str(group_id),
        "slotIndex": 1,
        "slot": {"experimentIds": ["7"]},
        "updateMask": {"paths": ["experiment_ids"]},
    }
    answer = grpcurl(f"{SERVICE}/UpdateSlot", flags=("-d", json.dumps(body)))
    assert answer.returncode == 0, answer.stderr
    assert amplitude.slot(group_id, 1)["experiments"] == [7]


def test_lower_camel_case_paths_are_taken_too(amplitude, stub):
    group_id = amplitude.add_group()
    request = api.UpdateSlotRequest(mutex_group_id=str(group_id), slot_index=1)
    request.slot.experiment_ids.append(7)
    request.update_mask.paths.append("experimentIds")
    stub.UpdateSlot(request)
    assert amplitude.slot(group_id, 1)["experiments"] == [7]


def test_grpcurl_prints_the_details_of_an_error(grpcurl):
    answer = grpcurl(f"{SERVICE}/CreateMutexGroup")
    assert answer.returncode == 64 + grpc.StatusCode.INVALID_ARGUMENT.value[0]
    assert '"@type": "type.googleapis.com/google.rpc.BadRequest"' in answer.stderr
    assert '"reason": "INVALID_REQUEST"' in answer.stderr
    assert "unknown type" not in answer.stderr.lower()
