"""A gRPC service that answers as a case says: what no mutexd of today would, and what it would at
the wrong moment. Every call is recorded."""

from __future__ import annotations

import threading
from concurrent import futures
from typing import Any

import grpc
from google.protobuf import any_pb2, json_format
from google.rpc import error_details_pb2, status_pb2

from gateway import SERVICE, api

PACKAGE = SERVICE.full_name


class ScriptedService:
    """`script` has a list of answers for each RPC; the last of a list is given for ever."""

    def __init__(self, script: dict[str, list[dict[str, Any]]]):
        self.calls: list[dict[str, Any]] = []
        self._script = {name: list(answers) for name, answers in script.items()}
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._server = grpc.server(
            futures.ThreadPoolExecutor(8), options=(("grpc.so_reuseport", 0),)
        )
        self._server.add_generic_rpc_handlers((_Handlers(self),))
        port = self._server.add_insecure_port("127.0.0.1:0")
        self.address = f"127.0.0.1:{port}"
        self._server.start()

    def stop(self) -> None:
        self._stopping.set()
        self._server.stop(None).wait()

    def answer(self, name: str, request, context: grpc.ServicerContext):
        with self._lock:
            self.calls.append(
                {
                    "method": name,
                    "request": json_format.MessageToDict(request, preserving_proto_field_name=True),
                    "metadata": dict(context.invocation_metadata()),
                    "seconds_left": context.time_remaining(),
                }
            )
            answers = self._script[name]
            answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if answer.get("hang"):
            left = threading.Event()
            context.add_callback(left.set)
            while not left.wait(0.05) and not self._stopping.is_set():
                pass
        if "error" in answer:
            fail(context, answer["error"])
        response = response_type(name)()
        return json_format.ParseDict(answer.get("response", {}), response)


def response_type(name: str):
    return getattr(api, f"{name}Response")


def fail(context: grpc.ServicerContext, error: dict[str, Any]) -> None:
    """Members: `code`, `message`, `details` ({message of google.rpc: its JSON}), `trailers`."""
    code = grpc.StatusCode[error["code"]]
    trailers = list(error.get("trailers", {}).items())
    if "details" in error:
        status = status_pb2.Status(code=code.value[0], message=error.get("message", ""))
        for detail in error["details"]:
            status.details.append(packed(detail))
        trailers.append(("grpc-status-details-bin", status.SerializeToString()))
    context.set_trailing_metadata(trailers)
    context.abort(code, error.get("message", ""))


def packed(detail: dict[str, Any]) -> any_pb2.Any:
    ((name, fields),) = detail.items()
    if name == "Unknown":
        return any_pb2.Any(type_url="type.googleapis.com/example.Unknown", value=b"\x0a\x01x")
    if name == "Broken":
        return any_pb2.Any(type_url=f"type.googleapis.com/google.rpc.{fields}", value=b"\xff\xff")
    result = any_pb2.Any()
    result.Pack(json_format.ParseDict(fields, getattr(error_details_pb2, name)()))
    return result


class _Handlers(grpc.GenericRpcHandler):
    def __init__(self, service: ScriptedService):
        self._service = service

    def service(self, details):
        package, _, name = details.method.removeprefix("/").partition("/")
        if package != PACKAGE or name not in self._service._script:
            return None
        return grpc.unary_unary_rpc_method_handler(
            lambda request, context: self._service.answer(name, request, context),
            request_deserializer=getattr(api, f"{name}Request").FromString,
            response_serializer=response_type(name).SerializeToString,
        )
