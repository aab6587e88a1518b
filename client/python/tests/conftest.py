"""A service in this process that answers as a test says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent import futures
from dataclasses import dataclass, field

import grpc
import pytest
from google.protobuf.message import Message

from mutexgroups import v1
from mutexgroups.v1.mutex_group_service_pb2 import DESCRIPTOR

SERVICE = DESCRIPTOR.services_by_name["MutexGroupService"]

Answer = Callable[[Message, grpc.ServicerContext], Message]


@dataclass
class Service:
    address: str = ""
    answers: dict[str, Answer] = field(default_factory=dict)
    calls: list[tuple[str, Message, dict[str, str]]] = field(default_factory=list)

    def answer(self, method: str, request: Message, context: grpc.ServicerContext) -> Message:
        self.calls.append((method, request, dict(context.invocation_metadata())))
        if method in self.answers:
            return self.answers[method](request, context)
        return getattr(v1, f"{method}Response")()

    @property
    def requests(self) -> list[Message]:
        return [request for _, request, _ in self.calls]


@pytest.fixture
def service() -> Iterator[Service]:
    made = Service()

    def handler(method: str) -> grpc.RpcMethodHandler:
        return grpc.unary_unary_rpc_method_handler(
            lambda request, context: made.answer(method, request, context),
            request_deserializer=getattr(v1, f"{method}Request").FromString,
            response_serializer=getattr(v1, f"{method}Response").SerializeToString,
        )

    server = grpc.server(futures.ThreadPoolExecutor(8), options=(("grpc.so_reuseport", 0),))
    handlers = {method.name: handler(method.name) for method in SERVICE.methods}
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler(SERVICE.full_name, handlers),)
    )
    made.address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    yield made
    server.stop(None).wait()
