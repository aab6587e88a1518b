"""The measured calls: as h2load sends them, and as a gRPC client checks their answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import grpc

from . import workload
from .paths import BenchError

CHANNEL_OPTIONS = (
    ("grpc.enable_retries", 0),
    ("grpc.enable_http_proxy", 0),
    ("grpc.max_receive_message_length", 64 << 20),
)


@dataclass(frozen=True)
class Sizes:
    """Bytes of a good answer's DATA frames: a range, where the answer tells a time."""

    least: int
    most: int


@dataclass(frozen=True)
class GrpcCall:
    path: str
    request: bytes
    # Raises BenchError if the answer is not what it must be; returns the sizes it could have.
    check: Callable[[bytes], Sizes]
    numeric_id: bool = False  # the answer's id is a number, not a string

    def write_frame(self, file: Path) -> Path:
        file.write_bytes(workload.grpc_frame(self.request))
        return file

    def answer(self, address: str) -> bytes:
        """The answer's bytes, by a gRPC client, which raises grpc.RpcError where it is an error."""
        with grpc.insecure_channel(address, options=CHANNEL_OPTIONS) as channel:
            return channel.unary_unary(self.path)(self.request, timeout=20)

    def verify(self, address: str) -> Sizes:
        try:
            return self.check(self.answer(address))
        except grpc.RpcError as error:
            raise BenchError(f"{self.path} at {address} failed: {error}") from None


def sizes_of(response) -> Sizes:
    """Of a message with a read_time, whose nanoseconds take 0 to 5 bytes."""
    response = type(response).FromString(response.SerializeToString())
    sizes = []
    for nanos in (0, 999_999_999):
        response.read_time.nanos = nanos
        sizes.append(len(workload.grpc_frame(response.SerializeToString())))
    return Sizes(*sizes)


def expect(what: str, found: object, wanted: object) -> None:
    if found != wanted:
        raise BenchError(f"{what} is {found!r} instead of {wanted!r}")


def check_group(group, wanted: dict) -> None:
    """Of either proto: their fields have other names."""
    ours = hasattr(group, "etag")
    expect("id", str(group.id), str(wanted["id"]))
    expect("project", group.project_id, wanted["projectId"])
    for field, name in (("key", "key"), ("name", "name"), ("description", "description")):
        expect(field, getattr(group, field), wanted[name])
    expect("bucketing_salt", group.bucketing_salt, wanted["bucketingSalt"])
    expect("author", group.created_by, wanted["createdBy"])
    slots = [
        {
            "index": slot.index,
            "name": slot.name,
            "variantKey": slot.variant_key,
            "percentage": slot.percentage,
            "experiments": list(slot.experiment_ids if ours else slot.experiments),
            "holdouts": list(slot.holdout_ids if ours else slot.holdouts),
            "individuals": list(slot.individuals),
            "cohorts": list(slot.cohorts),
        }
        for slot in group.slots
    ]
    expect("slots", slots, wanted["slots"])


def check_groups(groups) -> None:
    expect("number of groups", len(groups), workload.LIST_GROUPS)
    for index, group in enumerate(groups):
        check_group(group, workload.listed_group(index))


def gateway_calls() -> dict[str, GrpcCall]:
    """Of mutexgroups.v1, which mutexd and the Go peer serve."""
    from mutexgroups.v1 import mutex_group_service_pb2 as api

    def check_get(reply: bytes) -> Sizes:
        response = api.GetMutexGroupResponse.FromString(reply)
        check_group(response.mutex_group, workload.small_group())
        return sizes_of(response)

    def check_list(reply: bytes) -> Sizes:
        response = api.ListMutexGroupsResponse.FromString(reply)
        check_groups(response.mutex_groups)
        expect("next_page_token", response.next_page_token, "")
        return sizes_of(response)

    service = "/mutexgroups.v1.MutexGroupService"
    get = api.GetMutexGroupRequest(mutex_group_id=str(workload.GROUP_ID))
    cached = api.GetMutexGroupRequest(mutex_group_id=str(workload.GROUP_ID))
    cached.max_staleness.seconds = 600
    page = api.ListMutexGroupsRequest(page_size=workload.LIST_GROUPS)
    return {
        "get": GrpcCall(f"{service}/GetMutexGroup", get.SerializeToString(), check_get),
        "cached": GrpcCall(f"{service}/GetMutexGroup", cached.SerializeToString(), check_get),
        "list": GrpcCall(f"{service}/ListMutexGroups", page.SerializeToString(), check_list),
    }


def envoy_calls() -> dict[str, GrpcCall]:
    import amplitude_mutex_pb2 as api

    def exactly(reply: bytes) -> Sizes:
        return Sizes(len(reply) + 5, len(reply) + 5)

    def check_get(reply: bytes) -> Sizes:
        check_group(api.Mutex.FromString(reply), workload.small_group())
        return exactly(reply)

    def check_list(reply: bytes) -> Sizes:
        check_groups(api.ListMutexesResponse.FromString(reply).mutexes)
        return exactly(reply)

    service = "/bench.envoy.MutexService"
    get = api.GetMutexRequest(id=str(workload.GROUP_ID))
    page = api.ListMutexesRequest(limit=workload.LIST_GROUPS)
    return {
        "get": GrpcCall(f"{service}/GetMutex", get.SerializeToString(), check_get, True),
        "list": GrpcCall(f"{service}/ListMutexes", page.SerializeToString(), check_list),
    }
