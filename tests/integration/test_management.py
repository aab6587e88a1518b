"""The management port: health, readiness and metrics over plain HTTP."""

from __future__ import annotations

import re

from mutexgroups.v1 import mutex_group_service_pb2 as api

from fake_amplitude import reply
from gateway import METHODS, metrics
from rpc_errors import failure


def test_health_and_readiness_are_plain_200s(gateway):
    for path in ("/healthz", "/readyz"):
        answer = gateway.http(path)
        assert answer.status == 200, path
        assert answer.body.strip()


def test_an_unknown_path_is_404(gateway):
    assert gateway.http("/nothing").status == 404


def test_readiness_does_not_ask_amplitude(amplitude, gateway):
    amplitude.always("list", reply(401))
    assert gateway.http("/readyz").status == 200
    assert amplitude.wire == []


def test_metrics_are_there_with_zeros_from_the_start(gateway):
    text = gateway.http("/metrics").body
    samples = metrics(text)
    assert samples, text
    for method in METHODS:
        of_method = {name: value for name, value in samples.items() if f'"{method}"' in name}
        assert of_method, f"no series of {method}"
        assert not any(of_method.values())
    kinds = set(re.findall(r"^# TYPE \S+ (\w+)$", text, re.MULTILINE))
    assert {"counter", "histogram", "gauge"} <= kinds
    assert all(
        re.search(rf"^# HELP {name} \S", text, re.MULTILINE)
        for name in re.findall(r"^# TYPE (\S+) ", text, re.MULTILINE)
    )


def test_calls_and_upstream_requests_are_counted_by_method_and_code(amplitude, gateway):
    stub = gateway.stub()
    group_id = amplitude.add_group()
    for _ in range(3):
        stub.GetMutexGroup(api.GetMutexGroupRequest(mutex_group_id=str(group_id)))
    amplitude.fault("get", reply(500))
    failure(stub.GetMutexGroup, api.GetMutexGroupRequest(mutex_group_id=str(group_id)))
    samples = metrics(gateway.http("/metrics").body)
    by_code = {
        code: sum(
            value
            for name, value in samples.items()
            if '"GetMutexGroup"' in name
            and f'"{code}"' in name
            and "_total" in name.partition("{")[0]
        )
        for code in ("OK", "UNAVAILABLE", "NOT_FOUND")
    }
    assert by_code == {"OK": 3, "UNAVAILABLE": 1, "NOT_FOUND": 0}
    counted = [
        name
        for name, value in samples.items()
        if "amplitude" in name.partition("{")[0] and value == 3 and "bucket" not in name
    ]
    assert counted, "the upstream requests are not counted"


def test_no_label_grows_with_what_callers_send(amplitude, gateway):
    stub = gateway.stub()
    before = len(metrics(gateway.http("/metrics").body))
    for number in range(5):
        request = api.GetMutexGroupRequest(mutex_group_id=f"unheard-of-{number}")
        failure(stub.GetMutexGroup, request, metadata=(("x-request-id", f"id-{number}"),))
    text = gateway.http("/metrics").body
    assert "unheard-of" not in text
    assert len(metrics(text)) <= before + 40


def test_the_key_is_on_no_page(gateway):
    for path in ("/healthz", "/readyz", "/metrics", "/statusz"):
        assert "ampex_" not in gateway.http(path).body
