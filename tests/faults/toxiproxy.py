"""Toxiproxy: proxies on the loopback that spoil what goes through them, as they are told."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

from fake_amplitude import wait_until
from process import Process
from tests.soak.quiet_gateway import free_address

NO_PROXY = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Toxiproxy(Process):
    def __init__(self):
        self._api = free_address()
        host, _, port = self._api.rpartition(":")
        command = ["toxiproxy-server", "-host", host, "-port", port]
        super().__init__(command, {"LOG_LEVEL": "error"})
        wait_until(self._answers, "toxiproxy answers")

    def _answers(self) -> bool:
        try:
            return bool(self.ask("GET", "/version"))
        except OSError:
            return False

    def ask(self, method: str, path: str, body: Any = None) -> bytes:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://{self._api}{path}", data, method=method)
        with NO_PROXY.open(request, timeout=30) as answer:
            return answer.read()

    def proxy(self, name: str, upstream: str) -> Proxy:
        return Proxy(self, name, upstream)


class Proxy:
    def __init__(self, server: Toxiproxy, name: str, upstream: str):
        self._server = server
        self._path = f"/proxies/{name}"
        self.address = free_address()
        settings = {"name": name, "listen": self.address, "upstream": upstream, "enabled": True}
        server.ask("POST", "/proxies", settings)
        self._toxics: list[str] = []

    def spoil(self, kind: str, share: float = 1.0, **attributes: int) -> None:
        """Both directions, for a share of the connections; what goes on is spoilt too."""
        for stream in ("upstream", "downstream"):
            name = f"{kind}-{stream}"
            self._server.ask(
                "POST",
                f"{self._path}/toxics",
                {
                    "name": name,
                    "type": kind,
                    "stream": stream,
                    "toxicity": share,
                    "attributes": attributes,
                },
            )
            self._toxics.append(name)

    def heal(self) -> None:
        while self._toxics:
            self._server.ask("DELETE", f"{self._path}/toxics/{self._toxics.pop()}")

    def turn(self, on: bool) -> None:
        """Off, it ends its connections and refuses new ones."""
        self._server.ask("POST", self._path, {"enabled": on})
