"""One case with one client."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from google.protobuf import json_format
from grpc_health.v1 import health_pb2

from gateway import METHODS, api
from tests.conformance import faults
from tests.conformance.cases import Case
from tests.conformance.expectations import differences
from tests.conformance.runner import Column, Runner
from tests.conformance.world import World

QUESTION_KEYS = ("call", "request", "timeout_ms", "correlation_id")
ERROR_KEYS = {
    "code",
    "reason",
    "message",
    "metadata",
    "http_status",
    "violations",
    "quota_violations",
    "resource",
    "retry_delay_ms",
    "request_id",
}


def run_trial(
    case: Case, column: Column, runner: Runner, certificates: Path, folder: Path
) -> str | None:
    """What went wrong; None where nothing did."""
    defaults = {"connect": case.described.get("connect", {"server": "${server}"})}
    try:
        with World(case.described, certificates, folder) as world:
            try:
                for number, step in enumerate(case.steps, 1):
                    problems = run_step({**defaults, **step}, column, runner, world)
                    if problems:
                        return f"  step {number}, {step['call']}:\n" + problems
            finally:
                runner.close_clients()
            world.stop_gateway()
            problems = check_afterwards(world.filled_in(case.described.get("after", {})), world)
            return "\n".join(f"  {problem}" for problem in problems) or None
    except Exception as error:
        return f"  {type(error).__name__}: {error}"


def run_step(step: dict[str, Any], column: Column, runner: Runner, world: World) -> str | None:
    if "amplitude" in step:
        assert world.amplitude is not None, "the case has no fake Amplitude"
        faults.prepare(world.amplitude, world.filled_in(step["amplitude"]))
    question = {key: world.filled_in(step[key]) for key in QUESTION_KEYS if key in step}
    question.setdefault("request", {})
    question["connect"] = world.filled_in(step["connect"])
    if column.style:
        question["style"] = column.style
    answer = normalized(step["call"], runner.ask(question))
    for name, path in step.get("save", {}).items():
        world.names[name] = at(answer, path)
    expected = world.filled_in(step["expect"])
    problems = differences(expected, answer)
    if ("error" in answer) != ("error" in expected):
        problems.append("a success, not an error" if "error" in expected else "an error")
    if not problems:
        return None
    came = json.dumps(answer, ensure_ascii=False)
    return "\n".join(f"    {problem}" for problem in problems) + f"\n    came: {came[:3000]}"


def at(answer: Any, path: str) -> str:
    for part in path.split("."):
        answer = answer[int(part)] if isinstance(answer, list) else answer[part]
    return str(answer)


def normalized(call: str, answer: dict[str, Any]) -> dict[str, Any]:
    """The answer, having checked that its messages are valid JSON of protobuf. JSON may have fields
    without a value or not, so all are left out."""
    assert len(answer.keys() & {"response", "error"}) == 1, f"neither or both: {answer}"
    if "error" in answer:
        error = answer["error"]
        known = {"code", "message"} if error.get("code") == "INVALID_OPTION" else ERROR_KEYS
        missing = known - set(error)
        assert not missing, f"the runner's error lacks {missing}: {error}"
        return answer
    response = answer["response"]
    if call == "ListAll":
        groups = [
            message_json(api.ListMutexGroupsResponse, {"mutex_groups": [group]})
            for group in response["mutex_groups"]
        ]
        return {"response": {"mutex_groups": [group["mutex_groups"][0] for group in groups]}}
    if call == "Pages":
        pages = [message_json(api.ListMutexGroupsResponse, page) for page in response["pages"]]
        return {"response": {"pages": pages}}
    if call == "CheckHealth":
        return {"response": message_json(health_pb2.HealthCheckResponse, response)}
    assert call in METHODS, f"no such call: {call}"
    return {"response": message_json(getattr(api, f"{call}Response"), response)}


def message_json(kind, given: dict[str, Any]) -> dict[str, Any]:
    message = json_format.ParseDict(given, kind())
    assert "mutexGroup" not in given, "names must be those of the proto"
    return json_format.MessageToDict(message, preserving_proto_field_name=True)


def check_afterwards(expected: dict[str, Any], world: World) -> list[str]:
    """Members: `upstream` (requests by route, and `total`), `limits` (of Amplitude's pages),
    `groups` (how many the model has), `rpcs` (that mutexd took), `calls` (that the script took)."""
    seen: dict[str, Any] = {}
    if world.amplitude is not None:
        requests = world.amplitude.requests
        counts = Counter(request.route for request in requests)
        routes = expected.get("upstream", {})
        seen["upstream"] = {route: counts[route] for route in routes} | {"total": len(requests)}
        lists = world.amplitude.of("list")
        seen["limits"] = [request.query.get("limit") for request in lists]
        seen["groups"] = len(world.amplitude.groups)
    if world.gateway is not None:
        lines = [entry for entry in world.gateway.log if entry.get("msg") == "rpc"]
        asked = Counter(line["method"].rpartition("/")[2] for line in lines)
        seen["rpcs"] = {name: asked[name] for name in expected.get("rpcs", {})}
    if world.service is not None:
        seen["calls"] = world.service.calls
    return differences(expected, seen)
