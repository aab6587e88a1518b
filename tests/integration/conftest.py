"""Fixtures: a fake Amplitude, and the real mutexd in front of it."""

from __future__ import annotations

import signal

import pytest

from fake_amplitude import FakeAmplitude
from gateway import Gateway


@pytest.fixture
def amplitude():
    """A well-behaved Amplitude, until the test says otherwise."""
    with FakeAmplitude() as fake:
        yield fake


@pytest.fixture
def start_gateway(amplitude):
    """Starts mutexd in front of the fake; stops what was started, and checks how it ended."""
    started: list[Gateway] = []

    def start(*flags: str, **options) -> Gateway:
        gateway = Gateway("--amplitude-url", amplitude.url, *flags, **options)
        started.append(gateway)
        return gateway

    yield start
    for gateway in started:
        ended_before = gateway.popen.poll() is not None
        code = gateway.stop()
        # What ended before has been judged by its test, but for a crash.
        sent_by_tests = (-signal.SIGKILL, -signal.SIGTERM)
        fine = code == 0 or (ended_before and (code > 0 or code in sent_by_tests))
        assert fine, f"ended with {code}; stderr was:\n{gateway.stderr}"


@pytest.fixture
def gateway(start_gateway) -> Gateway:
    """mutexd in front of the fake, with short waits."""
    return start_gateway()


@pytest.fixture
def stub(gateway):
    """A client of the gateway that neither retries nor raises its limits."""
    return gateway.stub()
