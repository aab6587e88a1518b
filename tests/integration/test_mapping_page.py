"""docs/mapping.md: each example's requests are what crosses the wire, byte for byte."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import grpc
import pytest
from google.protobuf import json_format
from mutexgroups.v1 import mutex_group_service_pb2 as api

from gateway import METHODS
from rpc_errors import failure

PAGE = Path(__file__).resolve().parents[2] / "docs" / "mapping.md"
EXAMPLE = re.compile(
    r"^```json(?: error=(?P<error>\w+))?\n(?P<request>.*?)^```\n```http\n(?P<wire>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
# What an example cannot know: hashes of request ids and bodies.
PLACEHOLDERS = {
    "@REQUEST10@": "(?P<request10>[0-9a-f]{10})",
    "@REQUEST@": "(?P<request>[0-9a-f]{16})",
    "@BODY@": "[0-9a-f]{16}",
    "@ANY@": "[0-9a-f]{16}",
}


@dataclass(frozen=True)
class Example:
    method: str
    request: str
    error: str | None
    wire: str


def examples() -> list[Example]:
    found = []
    for section in re.split(r"^### ", PAGE.read_text(), flags=re.MULTILINE)[1:]:
        method, _, text = section.partition("\n")
        for match in EXAMPLE.finditer(text):
            found.append(Example(method, match["request"], match["error"], match["wire"]))
    return found


@pytest.fixture
def world(amplitude):
    amplitude.add_group(
        id=1234,
        key="checkout",
        name="Checkout",
        description="Everything after the cart",
        slots=[
            {"percentage": 40, "experiments": [101, 102], "individuals": ["qa@example.com"]},
            {"percentage": 60, "experiments": [201]},
        ],
    )
    amplitude.says_deleted = True
    amplitude.add_group(id=4321, key="old", deleted=True)
    amplitude._next_id = 5000
    return amplitude


def test_every_rpc_has_an_example():
    assert {example.method for example in examples()} == set(METHODS)


@pytest.mark.parametrize("example", examples(), ids=lambda example: example.method)
def test_requests_are_those_of_the_page(example, world, stub):
    request = json_format.Parse(example.request, getattr(api, f"{example.method}Request")())
    call = getattr(stub, example.method)
    if example.error is None:
        call(request)
    else:
        assert failure(call, request).code == grpc.StatusCode[example.error]

    lines = []
    for sent in world.requests:
        lines.append(f"{sent.method} {sent.target}")
        if sent.body:
            lines.append(sent.body.decode())
    pattern = re.escape(example.wire)
    for placeholder, expression in PLACEHOLDERS.items():
        pattern = pattern.replace(re.escape(placeholder), expression)
    match = re.fullmatch(pattern, "\n".join(lines) + "\n")
    assert match, "\n".join(["sent:", *lines])
    hashes = match.groupdict()
    if hashes.get("request10"):
        assert hashes["request"].startswith(hashes["request10"])


@pytest.mark.parametrize("route", ["get", "edit"])
def test_headers_are_those_of_the_page(route, world, stub):
    stub.UpdateMutexGroup(
        json_format.Parse(
            '{"mutexGroup": {"id": "1234", "name": "New"}}', api.UpdateMutexGroupRequest()
        )
    )
    headers = world.of(route)[0].headers
    assert headers["authorization"] == f"Bearer {world.key}"
    assert headers["accept"] == "application/json"
    assert headers.get("content-type") == (None if route == "get" else "application/json")
