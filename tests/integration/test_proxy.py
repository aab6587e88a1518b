"""The proxy on the way to Amplitude."""

from __future__ import annotations

import base64
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import grpc
import pytest
from mutexgroups.v1 import mutex_group_service_pb2 as api

from gateway import Gateway

REQUEST = api.ListMutexGroupsRequest()
PASSWORD = "hunter2-of-the-proxy"


@pytest.fixture
def proxy():
    """Remembers what it is asked for, and refuses it."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.server.seen.append((self.path, self.headers.get("proxy-authorization")))
            self.send_error(502)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.seen = []
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def url(proxy, user: str = "") -> str:
    return f"http://{user}127.0.0.1:{proxy.server_port}"


def test_requests_go_by_the_proxy_whatever_the_environment_excepts(amplitude, start_gateway, proxy):
    gateway = start_gateway(
        environment={
            "MUTEXD_AMPLITUDE_PROXY": url(proxy, f"user:{PASSWORD}@"),
            "no_proxy": "127.0.0.1",
        }
    )
    with pytest.raises(grpc.RpcError) as error:
        gateway.stub().ListMutexGroups(REQUEST, timeout=2)
    assert PASSWORD not in error.value.details()
    target, authorization = proxy.seen[0]
    assert target.startswith(amplitude.url)
    assert base64.b64decode(authorization.removeprefix("Basic ")) == f"user:{PASSWORD}".encode()
    assert not amplitude.requests
    assert gateway.stop() == 0
    assert PASSWORD not in gateway.stderr + gateway.stdout


def test_the_sandbox_needs_no_proxy(proxy):
    gateway = Gateway("--amplitude-proxy", url(proxy), "--sandbox", key=None)
    gateway.stub().ListMutexGroups(REQUEST)
    assert gateway.stop() == 0
    assert not proxy.seen
