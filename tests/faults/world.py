"""Callers, mutexd and the emulator of Amplitude, with a proxy on each way."""

from __future__ import annotations

import contextlib
import json
import signal
from pathlib import Path

import grpc
from mutexgroups.v1 import mutex_group_service_pb2_grpc as service_grpc

from certificates import Authority, install
from process import Process, binary
from tests.soak.quiet_gateway import (
    PLENTY,
    UNLIMITED_SANDBOX,
    QuietGateway,
    free_address,
    url_of,
)

from .toxiproxy import Proxy, Toxiproxy
from .traffic import OPTIONS

# Short enough that a lost request leaves time for another before the callers' deadline.
SETTINGS = (*PLENTY, "--upstream-timeout", "1s", "--write-visibility-timeout", "500ms")
FIRST_KEY, SECOND_KEY = "ampex_first-0123456789", "ampex_second-0123456789"


class World:
    """
    callers → two proxies → mutexd (in one of two places) → proxy → emulator, all on the loopback.
    Callers know both places, as they know the replicas of a service; mutexd serves them by TLS.
    """

    def __init__(self, folder: Path, stack: contextlib.ExitStack):
        self._state = folder / "groups.json"
        self._authority = Authority(folder)
        self._certificate, self._key = folder / "tls.pem", folder / "tls.key"
        self._certificates = 0
        self._amplitude_key = folder / "amplitude-key"
        self._amplitude_key.write_text(FIRST_KEY)
        self.renew_certificate()
        self._sandbox_address = free_address()
        stack.callback(lambda: self.sandbox.stop())
        self.start_sandbox()
        toxiproxy = Toxiproxy()
        stack.callback(toxiproxy.stop)
        self.to_amplitude = toxiproxy.proxy("amplitude", self._sandbox_address)
        self._places = [free_address(), free_address()]
        self._callers = [
            toxiproxy.proxy(f"callers-{number}", place) for number, place in enumerate(self._places)
        ]
        stack.callback(lambda: self.gateway.stop())
        self.start_gateway()

    @property
    def from_callers(self) -> list[Proxy]:
        return self._callers

    # -- callers

    def connect(self) -> grpc.Channel:
        addresses = ",".join(proxy.address for proxy in self._callers)
        credentials = grpc.ssl_channel_credentials(self._authority.certificate.read_bytes())
        name = ("grpc.ssl_target_name_override", "localhost")
        return grpc.secure_channel(f"ipv4:{addresses}", credentials, options=[*OPTIONS, name])

    def setup_stub(self) -> service_grpc.MutexGroupServiceStub:
        return service_grpc.MutexGroupServiceStub(self.connect())

    # -- mutexd

    def start_gateway(self) -> None:
        self.gateway = QuietGateway(
            *("--amplitude-url", f"http://{self.to_amplitude.address}"),
            *("--amplitude-key-file", str(self._amplitude_key)),
            *("--tls-cert", str(self._certificate), "--tls-key", str(self._key)),
            *SETTINGS,
            address=self._places[0],
            key=None,
        )

    def replace_gateway(self) -> int:
        """As a rolling restart does: the new one serves before the old one drains."""
        old = self.gateway
        self._places.reverse()
        self.start_gateway()
        return old.stop()

    def restart_gateway(self) -> int:
        """One process only: nobody serves in between."""
        code = self.gateway.stop()
        self.start_gateway()
        return code

    def kill_gateway(self) -> None:
        self.gateway.popen.send_signal(signal.SIGKILL)
        self.gateway.wait()
        self.start_gateway()

    def renew_certificate(self) -> None:
        self._certificates += 1
        pair = self._authority.issue(f"tls-{self._certificates}", "IP:127.0.0.1,DNS:localhost")
        install(pair, self._certificate, self._key)

    def use_renewed_certificate(self) -> None:
        self.renew_certificate()
        self.gateway.popen.send_signal(signal.SIGHUP)

    # -- Amplitude

    def start_sandbox(self, *flags: str) -> None:
        # Each write is in the file before it is acknowledged.
        command = [binary("mutexd-sandbox"), "--listen", self._sandbox_address, "--empty"]
        command += ["--state", str(self._state), *UNLIMITED_SANDBOX]
        self.sandbox = Process([*command, *flags])
        url_of(self.sandbox)

    def kill_sandbox(self) -> None:
        self.sandbox.popen.send_signal(signal.SIGKILL)
        self.sandbox.wait()

    def revoke_first_key(self) -> None:
        """What the file says from now on is valid, what mutexd uses so far is not."""
        self._amplitude_key.write_text(SECOND_KEY)
        self.kill_sandbox()
        self.start_sandbox("--key", f"{FIRST_KEY}=revoked", "--key", SECOND_KEY)

    def groups(self) -> list[dict]:
        """What Amplitude has, read past mutexd."""
        return json.loads(self._state.read_text())["mutexes"]
