"""The synchronous client.

    with mutexgroups.Client() as client:
        for group in client.list():
            print(group.id, group.name)

Threads may share it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, TypeVar, cast

import grpc
from google.protobuf.message import Message
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse

from mutexgroups import v1
from mutexgroups._calls import (
    RequestT,
    advance,
    failure,
    fill_in_request_id,
    first_page,
    metadata_of,
    request_of,
    timeout_of,
)
from mutexgroups._channel import channel_options
from mutexgroups._details import FailedCall
from mutexgroups.fields import (
    ArchiveFields,
    BatchGetFields,
    CreateFields,
    GetFields,
    ListFields,
    MoveSlotMembersFields,
    SlotMembersFields,
    UpdateFields,
    UpdateSlotFields,
)
from mutexgroups.options import ClientOptions, settings
from mutexgroups.v1.mutex_group_service_pb2_grpc import MutexGroupServiceStub

if TYPE_CHECKING:
    from typing_extensions import Self, Unpack

ResponseT = TypeVar("ResponseT", bound=Message)


class Client:
    """Calls a `mutexd` with deadlines, the published retries (reads only) and keepalive.

    `server` and what is left out of the options come from the environment, else they have defaults;
    see `ClientOptions`. The connection is made by the first call; close the client, or use it in a
    `with` statement. Failed calls raise `MutexGroupsError`, and options that cannot be used
    `OptionError`. Keyword arguments of the methods are the fields of their requests.
    """

    def __init__(self, server: str | None = None, **options: Unpack[ClientOptions]) -> None:
        made = self._settings = settings(server, **options)
        arguments = channel_options(made)
        if made.credentials is None:
            self._channel = grpc.insecure_channel(made.server, options=arguments)
        else:
            self._channel = grpc.secure_channel(made.server, made.credentials, options=arguments)
        self._groups = MutexGroupServiceStub(self._channel)
        self._check_health = self._channel.unary_unary(
            "/grpc.health.v1.Health/Check",
            request_serializer=HealthCheckRequest.SerializeToString,
            response_deserializer=HealthCheckResponse.FromString,
        )

    def __repr__(self) -> str:
        return f"Client({self._settings.server!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the connection; calls that are under way are cancelled."""
        self._channel.close()

    def pages(
        self,
        request: v1.ListMutexGroupsRequest | None = None,
        /,
        *,
        timeout: float | None = None,
        correlation_id: str = "",
        **fields: Unpack[ListFields],
    ) -> Iterator[v1.ListMutexGroupsResponse]:
        """Lists groups page by page, fetched as they are asked for; each page is a call.

        Pages are of 1000 groups where no `page_size` is given. A page can be empty and still have a
        successor, and names in `unreadable` the groups that could not be read.
        """
        message = first_page(request, fields)
        while True:
            page = self._call(self._groups.ListMutexGroups, message, timeout, correlation_id)
            more = advance(message, page)
            yield page
            if not more:
                return

    def list(
        self,
        request: v1.ListMutexGroupsRequest | None = None,
        /,
        *,
        timeout: float | None = None,
        correlation_id: str = "",
        **fields: Unpack[ListFields],
    ) -> Iterator[v1.MutexGroup]:
        """Lists all groups. What `pages` tells of a page besides its groups is passed over."""
        pages = self.pages(request, timeout=timeout, correlation_id=correlation_id, **fields)
        for page in pages:
            yield from page.mutex_groups

    def get(
        self,
        request: v1.GetMutexGroupRequest | None = None,
        /,
        *,
        timeout: float | None = None,
        correlation_id: str = "",
        **fields: Unpack[GetFields],
    ) -> v1.GetMutexGroupResponse:
        """Reads one group by its id, or by its key at the cost of a scan of all groups."""
        message = request_of(v1.GetMutexGroupRequest, request, fields)
        return self._call(self._groups.GetMutexGroup, message, timeout, correlation_id)

    def batch_get(
        self,
        request: v1.BatchGetMutexGroupsRequest | None = None,
        /,
        *,
        timeout: float | None = None,
        correlation_id: str = "",
        **fields: Unpack[BatchGetFields],
    ) -> v1.BatchGetMutexGroupsResponse:
        """Reads 1 to 100 groups by their ids: all, or none."""
        message = request_of(v1.BatchGetMutexGroupsRequest, request, fields)
        return self._call(self._groups.BatchGetMutexGroups, message, timeout, correlation_id)

    def create(
        self,
        request: v1.CreateMutexGroupRequest | None = None,
        /,
        *,
        timeout: float | None = None,
        correlation_id: str = "",
        **fields: Unpack[CreateFields],
    ) -> v1.CreateMutexGroupResponse:
        """Creates a group once. Fills in `request_id` where it is empty, also in a request that is
        given: calling again with the same one after a failure returns the group of the first call
        and never makes a second. The error has it in `metadata["request_id"]`."""
        message = request_of(v1.CreateMutexGroupRequest, request, fields)
        fill_in_request_id(message)
        return self._call(self._groups.CreateMutexGroup, message, timeout, correlation_id)

    def update(
        self,
        request: v1.UpdateMutexGroupRequest | None = None,
        /,
        *,
        timeout: float | None = None,
        correlation_id: str = "",
        **fields: Unpack[UpdateFields],
    ) -> v1.UpdateMutexGroupResponse:
        """Changes a group's name and description."""
        message = request_of(v1.UpdateMutexGroupRequest, request, fields)
        return self._call(self._groups.UpdateMutexGroup, message, timeout, correlation_id)

    def update_slot(
        self,
        request: v1.UpdateSlotRequest | None = None,
        /,
        *,
        timeout: float | None = None,
        correlation_id: str = "",
        **fields: Unpack[UpdateSlotFields],
    ) -> v1.UpdateSlotResponse:
        """Replaces lists of a slot: those that the mask names."""
        message = request_of(v1.UpdateSlotRequest, request, fields)
        return self._call(self._groups.UpdateSlot, message, timeout, correlation_id)

    def add_slot_members(
        self,
        request: v1.AddSlotMembersRequest | None = None,
        /,
        *,
        timeout: float | None = None,
        correlation_id: str = "",
        **fields: Unpack[SlotMembersFields],
    ) -> v1.AddSlotMembersResponse:
        """Adds members to a slot; those that are there already are left alone."""
        message = request_of(v1.AddSlotMembersRequest, request, fields)
        return self._call(self._groups.AddSlotMembers, message, timeout, correlation_id)

    def remove_slot_members(
        self,
        request: v1.RemoveSlotMembersRequest | None = None,
        /,
        *,
        timeout: float | None = None,
        correlation_id: str = "",
        **fields: Unpack[SlotMembersFields],
    ) -> v1.RemoveSlotMembersResponse:
        """Removes members from a slot; those that are not there are passed over."""
        message = request_of(v1.RemoveSlotMembersRequest, request, fields)
        return self._call(self._groups.RemoveSlotMembers, message, timeout, correlation_id)

    def move_slot_members(
        self,
        request: v1.MoveSlotMembersRequest | None = None,
        /,
        *,
        timeout: float | None = None,
        correlation_id: str = "",
        **fields: Unpack[MoveSlotMembersFields],
    ) -> v1.MoveSlotMembersResponse:
        """Moves members from one slot of a group to another. Safe to repeat."""
        message = request_of(v1.MoveSlotMembersRequest, request, fields)
        return self._call(self._groups.MoveSlotMembers, message, timeout, correlation_id)

    def archive(
        self,
        request: v1.ArchiveMutexGroupRequest | None = None,
        /,
        *,
        timeout: float | None = None,
        correlation_id: str = "",
        **fields: Unpack[ArchiveFields],
    ) -> v1.ArchiveMutexGroupResponse:
        """Archives a group; succeeds without a write where it is archived."""
        message = request_of(v1.ArchiveMutexGroupRequest, request, fields)
        return self._call(self._groups.ArchiveMutexGroup, message, timeout, correlation_id)

    def unarchive(
        self,
        request: v1.UnarchiveMutexGroupRequest | None = None,
        /,
        *,
        timeout: float | None = None,
        correlation_id: str = "",
        **fields: Unpack[ArchiveFields],
    ) -> v1.UnarchiveMutexGroupResponse:
        """Takes a group out of the archive."""
        message = request_of(v1.UnarchiveMutexGroupRequest, request, fields)
        return self._call(self._groups.UnarchiveMutexGroup, message, timeout, correlation_id)

    def check_health(
        self, service: str = "", *, timeout: float | None = None, correlation_id: str = ""
    ) -> HealthCheckResponse:
        """What the service says of its own health, by the standard grpc.health.v1."""
        message = HealthCheckRequest(service=service)
        return self._call(self._check_health, message, timeout, correlation_id)

    def _call(
        self,
        method: grpc.UnaryUnaryMultiCallable[RequestT, ResponseT],
        request: RequestT,
        timeout: float | None,
        correlation_id: str,
    ) -> ResponseT:
        try:
            return method(
                request,
                timeout=timeout_of(self._settings, timeout),
                metadata=metadata_of(self._settings, correlation_id),
            )
        except grpc.RpcError as error:
            raise failure(cast(FailedCall, error), request) from error
