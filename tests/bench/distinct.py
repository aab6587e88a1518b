"""Load of Gets that all ask for different groups, by our own generator, and what it measured."""

from __future__ import annotations

import json

from . import workload
from .build import GO_LOAD
from .calls import GrpcCall
from .load import Loaded, Shape
from .paths import BenchError, run


def run_distinct_load(address: str, call: GrpcCall, shape: Shape) -> Loaded:
    command = [GO_LOAD / "load", "-address", address, "-method", call.path]
    command += ["-first-id", str(workload.DISTINCT_FIRST_ID), "-ids", str(workload.DISTINCT_IDS)]
    command += ["-connections", str(shape.connections), "-streams", str(shape.streams)]
    command += ["-requests", str(shape.requests)]
    if call.numeric_id:
        command.append("-numeric")
    return parse_outcome(run(command, timeout=300), shape.requests)


def parse_outcome(output: str, requests: int) -> Loaded:
    outcome = json.loads(output)
    errors = []
    if outcome["errors"]:
        errors.append(f"{outcome['errors']} bad answers, one of them: {outcome['first_error']}")
    if outcome["requests"] != requests:
        errors.append(f"{outcome['requests']} requests instead of {requests}")
    return Loaded(
        requests=outcome["requests"],
        body_bytes=outcome["bytes"],
        requests_per_second=outcome["requests"] / outcome["seconds"],
        p50=outcome["p50"],
        p99=outcome["p99"],
        errors=errors,
    )


def check_asked(asked: int, requests: int) -> None:
    """Different groups have nothing to share: each call takes one request of Amplitude."""
    if asked != requests:
        raise BenchError(f"{requests} calls took {asked} requests of Amplitude")
