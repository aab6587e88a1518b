"""Makes the conformance suite's calls with the Python client: a line of JSON in, a line out."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Coroutine
from typing import Any

import mutexgroups
from google.protobuf import json_format
from google.protobuf.message import Message
from grpc_health.v1.health_pb2 import HealthCheckRequest
from mutexgroups import v1

METHODS = {
    "GetMutexGroup": "get",
    "BatchGetMutexGroups": "batch_get",
    "CreateMutexGroup": "create",
    "UpdateMutexGroup": "update",
    "UpdateSlot": "update_slot",
    "AddSlotMembers": "add_slot_members",
    "RemoveSlotMembers": "remove_slot_members",
    "MoveSlotMembers": "move_slot_members",
    "ArchiveMutexGroup": "archive",
    "UnarchiveMutexGroup": "unarchive",
}


def to_json(message: Message) -> dict[str, Any]:
    return json_format.MessageToDict(message, preserving_proto_field_name=True)


def error_json(error: mutexgroups.MutexGroupsError) -> dict[str, Any]:
    delay = error.retry_delay
    return {
        "code": error.code.name,
        "reason": error.reason_name,
        "message": error.message,
        "metadata": dict(error.metadata),
        "http_status": error.http_status,
        "violations": [vars(one) for one in error.violations],
        "quota_violations": [vars(one) for one in error.quota_violations],
        "resource": vars(error.resource) if error.resource else None,
        "retry_delay_ms": None if delay is None else round(delay.total_seconds() * 1000),
        "request_id": error.request_id,
    }


def client_arguments(connect: dict[str, Any]) -> dict[str, Any]:
    if "environment" in connect:
        return {"environment": connect["environment"]}
    tls = connect.get("tls")
    arguments = {f"tls_{name}": value for name, value in (tls or {}).items()}
    if tls is not None:
        arguments["tls"] = True
    for name in ("server", "amplitude_key"):
        if name in connect:
            arguments[name] = connect[name]
    return arguments


def per_call(question: dict[str, Any]) -> dict[str, Any]:
    arguments: dict[str, Any] = {}
    if "timeout_ms" in question:
        arguments["timeout"] = question["timeout_ms"] / 1000
    if "correlation_id" in question:
        arguments["correlation_id"] = question["correlation_id"]
    return arguments


def request_of(question: dict[str, Any]) -> Message:
    call = question["call"]
    if call in ("ListAll", "Pages"):
        call = "ListMutexGroups"
    kind = HealthCheckRequest if call == "CheckHealth" else getattr(v1, f"{call}Request")
    return json_format.ParseDict(question["request"], kind())


def list_answer(
    groups: list[v1.MutexGroup], error: mutexgroups.MutexGroupsError | None
) -> dict[str, Any]:
    if error:
        return {"mutex_groups_before": len(groups), "error": error_json(error)}
    return {"response": {"mutex_groups": [to_json(group) for group in groups]}}


def call_sync(client: mutexgroups.Client, question: dict[str, Any]) -> dict[str, Any]:
    call, request, options = question["call"], request_of(question), per_call(question)
    if call == "ListAll":
        groups: list[v1.MutexGroup] = []
        try:
            for group in client.list(request, **options):
                groups.append(group)
        except mutexgroups.MutexGroupsError as error:
            return list_answer(groups, error)
        return list_answer(groups, None)
    if call == "Pages":
        return {"response": {"pages": [to_json(page) for page in client.pages(request, **options)]}}
    if call == "CheckHealth":
        return {"response": to_json(client.check_health(request.service, **options))}
    return {"response": to_json(getattr(client, METHODS[call])(request, **options))}


async def call_async(client: mutexgroups.AsyncClient, question: dict[str, Any]) -> dict[str, Any]:
    call, request, options = question["call"], request_of(question), per_call(question)
    if call == "ListAll":
        groups: list[v1.MutexGroup] = []
        try:
            async for group in client.list(request, **options):
                groups.append(group)
        except mutexgroups.MutexGroupsError as error:
            return list_answer(groups, error)
        return list_answer(groups, None)
    if call == "Pages":
        pages = [to_json(page) async for page in client.pages(request, **options)]
        return {"response": {"pages": pages}}
    if call == "CheckHealth":
        return {"response": to_json(await client.check_health(request.service, **options))}
    return {"response": to_json(await getattr(client, METHODS[call])(request, **options))}


class Clients:
    """One client for each way to connect, and one event loop for those that need it."""

    def __init__(self) -> None:
        self._sync: dict[str, mutexgroups.Client] = {}
        self._async: dict[str, mutexgroups.AsyncClient] = {}
        self._loop = asyncio.Runner()

    def answer(self, question: dict[str, Any]) -> dict[str, Any]:
        key = json.dumps(question["connect"], sort_keys=True)
        arguments = client_arguments(question["connect"])
        if question.get("style") == "async":
            return self._loop.run(self._answer_async(key, arguments, question))
        if key not in self._sync:
            self._sync[key] = mutexgroups.Client(**arguments)
        return call_sync(self._sync[key], question)

    def _answer_async(
        self, key: str, arguments: dict[str, Any], question: dict[str, Any]
    ) -> Coroutine[Any, Any, dict[str, Any]]:
        async def answer() -> dict[str, Any]:
            if key not in self._async:
                self._async[key] = mutexgroups.AsyncClient(**arguments)
            return await call_async(self._async[key], question)

        return answer()

    def close_clients(self) -> None:
        for client in self._sync.values():
            client.close()
        self._sync.clear()
        for asynchronous in self._async.values():
            self._loop.run(asynchronous.close())
        self._async.clear()

    def close(self) -> None:
        self.close_clients()
        self._loop.close()


def outcome(clients: Clients, question: dict[str, Any]) -> dict[str, Any]:
    if "close_clients" in question:
        clients.close_clients()
        return {}
    try:
        return clients.answer(question)
    except mutexgroups.OptionError as error:
        return {"error": {"code": "INVALID_OPTION", "message": str(error)}}
    except mutexgroups.MutexGroupsError as error:
        return {"error": error_json(error)}


def main() -> None:
    clients = Clients()
    for line in sys.stdin:
        question = json.loads(line)
        print(json.dumps(outcome(clients, question)), flush=True)
    clients.close()


if __name__ == "__main__":
    main()
