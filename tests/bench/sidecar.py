"""mutexd as a sidecar: how soon it is ready, and what it takes while idle."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

from . import process, workload
from .calls import GrpcCall
from .paths import BenchError
from .servers import PATIENCE_SECONDS, Upstream, mutexd_command

IDLE_SECONDS = 1.0


def measure_sidecar(folder: Path, upstream: Upstream, call: GrpcCall) -> dict[str, float]:
    """One start: seconds to ready and to the first answer, bytes when idle before any call."""
    socket = folder / "sidecar.sock"
    environment = {"PATH": os.environ["PATH"], "AMPLITUDE_MANAGEMENT_KEY": workload.KEY}
    command = [str(word) for word in mutexd_command(upstream, f"unix:{socket}", "off")]
    started = time.monotonic()
    sidecar = subprocess.Popen(
        command, env=environment, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    try:
        ready = wait_for_listening(sidecar, started)
        call.verify(f"unix:{socket}")
        answered = time.monotonic() - started
    finally:
        stop(sidecar)

    # Another one, since the first has had a call.
    sidecar = subprocess.Popen(
        command, env=environment, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    try:
        wait_for_listening(sidecar, time.monotonic())
        time.sleep(IDLE_SECONDS)
        idle = process.memory(sidecar.pid)
    finally:
        stop(sidecar)
    return {
        "ready": ready,
        "first_answer": answered,
        "idle_resident": idle.resident,
        "idle_anonymous": idle.anonymous,
    }


def wait_for_listening(sidecar: subprocess.Popen, started: float) -> float:
    for line in sidecar.stderr:
        if '"listening"' in line:
            return time.monotonic() - started
        if time.monotonic() - started > PATIENCE_SECONDS:
            break
    raise BenchError("mutexd did not get ready as a sidecar")


def stop(sidecar: subprocess.Popen) -> None:
    sidecar.send_signal(signal.SIGTERM)
    sidecar.wait(PATIENCE_SECONDS)
    sidecar.stderr.close()
