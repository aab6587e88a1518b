"""`mutexd` under test: the process, its addresses, and channels to it."""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import grpc

import fake_amplitude
import generated_api
from process import SANITIZER_REPORTS, Process, binary

generated_api.generate()

from mutexgroups.v1 import mutex_group_service_pb2 as api  # noqa: E402
from mutexgroups.v1 import mutex_group_service_pb2_grpc as service_grpc  # noqa: E402

SERVICE = api.DESCRIPTOR.services_by_name["MutexGroupService"]
METHODS = [method.name for method in SERVICE.methods]

# Ports of the system's choice, and short waits, so that tests of their ends are quick.
DEFAULTS = {
    "--listen": "127.0.0.1:0",
    "--management": "127.0.0.1:0",
    "--log-format": "json",
    "--upstream-timeout": "1s",
    "--write-visibility-timeout": "500ms",
}
# No retries by the client, so that each call is one call.
CHANNEL_OPTIONS = (("grpc.enable_retries", 0), ("grpc.enable_http_proxy", 0))


@dataclass(frozen=True)
class HttpReply:
    status: int
    body: str


class Gateway(Process):
    """A running mutexd. Its addresses are those that its log reports."""

    def __init__(
        self,
        *flags: str,
        environment: dict[str, str] | None = None,
        key: str | None = fake_amplitude.KEY,
    ):
        variables = {} if key is None else {"AMPLITUDE_MANAGEMENT_KEY": key}
        self._channels: list[grpc.Channel] = []
        self._key = key
        defaults = [
            part for flag, value in DEFAULTS.items() if flag not in flags for part in (flag, value)
        ]
        command = self.command(binary("mutexd"), *defaults, *flags)
        super().__init__(command, {**variables, **(environment or {})})

    def command(self, *parts: str | Path) -> list[str | Path]:
        """How the program is started; others may stand before it."""
        return list(parts)

    # -- addresses

    def addresses(self, count: int = 1) -> list[str]:
        """The bound addresses of the gRPC listeners, in the order of the log."""
        self.wait_for_log(
            lambda _: len(self._listening("grpc")) >= count, f"{count} gRPC listeners"
        )
        return self._listening("grpc")

    def _listening(self, what: str) -> list[str]:
        return [entry["address"] for entry in self.log if is_listening(entry, what)]

    @property
    def address(self) -> str:
        return self.addresses()[0]

    @property
    def management(self) -> str:
        entry = self.wait_for_log(
            lambda entry: is_listening(entry, "management"), "the management listener"
        )
        return entry["address"]

    # -- clients

    def channel(self, address: str | None = None, **options) -> grpc.Channel:
        channel = grpc.insecure_channel(
            address or self.address, options=[*CHANNEL_OPTIONS, *options.items()]
        )
        self._channels.append(channel)
        return channel

    def stub(self, address: str | None = None) -> service_grpc.MutexGroupServiceStub:
        return service_grpc.MutexGroupServiceStub(self.channel(address))

    def http(self, path: str) -> HttpReply:
        """Asks the management port of a process that serves."""
        assert self.address
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(f"http://{self.management}{path}", timeout=30) as answer:
                return HttpReply(answer.status, answer.read().decode())
        except urllib.error.HTTPError as error:
            return HttpReply(error.code, error.read().decode())

    # -- end

    def stop(self) -> int:
        for channel in self._channels:
            channel.close()
        code = super().stop()
        self.check_output()
        return code

    def check_output(self) -> None:
        """What holds for every run: no report of a sanitizer, and the key nowhere."""
        output = self.stderr + self.stdout
        for report in SANITIZER_REPORTS:
            assert report not in output, output
        if self._key:
            assert self._key not in output, "the management key is in the output"


def is_listening(entry: dict, what: str) -> bool:
    return entry.get("msg") == "listening" and entry.get("listener") == what


def metrics(text: str) -> dict[str, float]:
    """The samples of a text exposition, by name and labels as written."""
    samples = {}
    for line in text.splitlines():
        match = re.fullmatch(r"([a-zA-Z_:][\w:]*(?:\{.*\})?) (\S+)", line)
        if match:
            samples[match[1]] = float(match[2])
    return samples
