"""What a case runs in: the fake or the sandbox, mutexd, or a scripted service; and files."""

from __future__ import annotations

import contextlib
import socket
from pathlib import Path
from typing import Any

import fake_amplitude
from certificates import Authority
from fake_amplitude import FakeAmplitude
from gateway import Gateway
from tests.conformance import faults
from tests.conformance.scripted_service import ScriptedService


def make_certificates(folder: Path) -> None:
    """ca and other-ca; server (the loopback's), named (mutexd.example's), client, stranger."""
    folder.mkdir()
    authority, other = Authority(folder, "ca"), Authority(folder, "other-ca")
    authority.issue("server", "IP:127.0.0.1,DNS:localhost")
    authority.issue("named", "DNS:mutexd.example")
    authority.issue("client", "DNS:checkout.example")
    other.issue("stranger", "DNS:checkout.example")


class World(contextlib.ExitStack):
    """Use it as a context manager: what was started is stopped at the end."""

    def __init__(self, described: dict[str, Any], certificates: Path, folder: Path):
        super().__init__()
        self.amplitude: FakeAmplitude | None = None
        self.gateway: Gateway | None = None
        self.service: ScriptedService | None = None
        # What `${name}` stands for in a case.
        self.names = {"certificates": str(certificates), "folder": str(folder)}
        self._described = described
        self._folder = folder

    def __enter__(self) -> World:
        super().__enter__()
        for name, text in self._described.get("files", {}).items():
            (self._folder / name).write_text(text)
        self.names["server"] = self._start()
        return self

    def _start(self) -> str:
        """Starts what the case is about, and returns its address."""
        if "service" in self._described:
            self.service = ScriptedService(self._described["service"])
            self.callback(self.service.stop)
            return self.service.address
        if self._described.get("server") == "dead":
            # Bound and not listening: connections are refused, and nobody else gets the port.
            dead = self.enter_context(socket.socket())
            dead.bind(("127.0.0.1", 0))
            return f"127.0.0.1:{dead.getsockname()[1]}"
        return self._start_gateway(self._described.get("gateway", {}))

    def _start_gateway(self, described: dict[str, Any]) -> str:
        # A client that makes no call may not hear that the service is about to end.
        flags = ["--drain-timeout", "100ms"]
        flags += [self.filled_in(flag) for flag in described.get("flags", ())]
        key: str | None = fake_amplitude.KEY
        if described.get("sandbox"):
            flags.append("--sandbox")
            key = None
        else:
            self.amplitude = self.enter_context(FakeAmplitude())
            faults.prepare(self.amplitude, self._described.get("amplitude", {}))
            flags += ["--amplitude-url", self.amplitude.url]
            if "caller" in flags:
                key = None
        self.gateway = Gateway(*flags, key=key)
        self.callback(self._stop_gateway)
        return self.gateway.address

    def _stop_gateway(self) -> None:
        assert self.gateway is not None
        code = self.gateway.stop()
        assert code == 0, f"mutexd ended with {code}: {self.gateway.stderr}"

    def stop_gateway(self) -> None:
        """So that its log is complete."""
        if self.gateway is not None:
            self._stop_gateway()

    def filled_in(self, value: Any) -> Any:
        """The value with `${name}` replaced wherever text is."""
        if isinstance(value, str):
            for name, text in self.names.items():
                value = value.replace(f"${{{name}}}", text)
            return value
        if isinstance(value, list):
            return [self.filled_in(one) for one in value]
        if isinstance(value, dict):
            return {name: self.filled_in(one) for name, one in value.items()}
        return value
