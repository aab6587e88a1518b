"""What Amplitude's stand-in answers, and what the gateways are asked."""

from __future__ import annotations

import json
import struct

GROUP_ID = 123456
# Other groups with ids as long, so that their bodies and answers are as long as the one's.
DISTINCT_FIRST_ID = 200000
DISTINCT_IDS = 100000
LIST_GROUPS = 1000
KEY = "ampex_benchmark-0123456789abcdef"


def slot(index: int, percentage: int, experiments: list[int], individuals: list[str]) -> dict:
    return {
        "name": f"SLOT {index}",
        "index": index,
        "variantKey": f"slot-{index}",
        "percentage": percentage,
        "experiments": experiments,
        "holdouts": [],
        "individuals": individuals,
        "cohorts": [],
    }


def group(group_id: int, name: str, description: str, slots: list[dict]) -> dict:
    return {
        "id": group_id,
        "projectId": 271828,
        "name": name,
        "key": name.lower().replace(" ", "-"),
        "description": description,
        "evaluationMode": "remote",
        "bucketingKey": "amplitude_id",
        "bucketingSalt": f"s{group_id:07x}",
        "slots": slots,
        "deleted": False,
        "createdBy": "ada@example.com",
        "lastModifiedBy": "grace@example.com",
        "createdAt": "2024-03-01T09:30:00.000Z",
        "lastModifiedAt": "2024-05-17T16:45:12.345Z",
    }


def small_group() -> dict:
    """About 600 bytes."""
    return group(
        GROUP_ID,
        "Checkout",
        "Experiments on the way to the order",
        [slot(1, 60, [40017], []), slot(2, 40, [40018], [])],
    )


def listed_group(index: int) -> dict:
    """About 900 bytes."""
    first = 50000 + 7 * index
    return group(
        2000 + index,
        f"Group number {index:04}",
        "Experiments that must not meet: prices, shipping and the order of results",
        [
            slot(1, 34, [first, first + 1, first + 2], [f"user-{index}@example.com"]),
            slot(2, 33, [first + 3, first + 4], [f"device-{index:08x}"]),
            slot(3, 33, [first + 5, first + 6], []),
        ],
    )


def as_json(value: dict) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def small_body() -> bytes:
    return as_json(small_group())


def any_small_body(group_id: str) -> str:
    """The small body with another id: digits, or something that stands for them."""
    body = small_body().decode()
    return body.replace(f'"id":{GROUP_ID}', f'"id":{group_id}', 1)


def list_body() -> bytes:
    groups = [listed_group(index) for index in range(LIST_GROUPS)]
    return as_json({"mutexes": groups, "nextCursor": None})


def grpc_frame(message: bytes) -> bytes:
    """The message as it stands in a gRPC stream, not compressed."""
    return struct.pack(">BI", 0, len(message)) + message
