"""The fields of requests as keyword arguments of the client's methods. Each is as in the request's
message in `mutexgroups.v1`, which documents it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import TypedDict

from google.protobuf.duration_pb2 import Duration
from google.protobuf.field_mask_pb2 import FieldMask

from mutexgroups.v1.mutex_group_pb2 import MutexGroup, MutexGroupFilter, Slot


class ListFields(TypedDict, total=False):
    page_size: int
    page_token: str
    filter: MutexGroupFilter
    max_staleness: Duration | timedelta
    show_archived: bool


class GetFields(TypedDict, total=False):
    mutex_group_id: str
    key: str
    max_staleness: Duration | timedelta


class BatchGetFields(TypedDict, total=False):
    mutex_group_ids: Iterable[str]
    max_staleness: Duration | timedelta


class CreateFields(TypedDict, total=False):
    mutex_group: MutexGroup
    request_id: str
    validate_only: bool


class UpdateFields(TypedDict, total=False):
    mutex_group: MutexGroup
    update_mask: FieldMask | Iterable[str]
    etag: str
    validate_only: bool


class UpdateSlotFields(TypedDict, total=False):
    mutex_group_id: str
    slot_index: int
    slot: Slot
    update_mask: FieldMask | Iterable[str]
    etag: str
    validate_only: bool


class SlotMembersFields(TypedDict, total=False):
    mutex_group_id: str
    slot_index: int
    experiment_ids: Iterable[int]
    holdout_ids: Iterable[int]
    individuals: Iterable[str]
    etag: str
    validate_only: bool


class MoveSlotMembersFields(TypedDict, total=False):
    mutex_group_id: str
    from_slot_index: int
    to_slot_index: int
    experiment_ids: Iterable[int]
    holdout_ids: Iterable[int]
    individuals: Iterable[str]
    etag: str
    validate_only: bool


class ArchiveFields(TypedDict, total=False):
    mutex_group_id: str
    etag: str
    validate_only: bool
