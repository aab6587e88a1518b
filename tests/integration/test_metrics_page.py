"""docs/metrics.md says what /metrics serves, no more and no less."""

from __future__ import annotations

import re

from mutexgroups.v1 import mutex_group_pb2 as groups
from mutexgroups.v1 import mutex_group_service_pb2 as api

from certificates import Authority, install
from fake_amplitude import reply, wait_until
from gateway import metrics
from process import REPOSITORY
from rpc_errors import failure

PAGE = REPOSITORY / "docs" / "metrics.md"


def documented() -> dict[str, tuple[str, set[str]]]:
    """Type and labels of each metric, by its name."""
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \| (.*?) \| .+ \|$", PAGE.read_text(), re.MULTILINE)
    assert len(rows) == len({name for name, *_ in rows}), "a metric stands there twice"
    return {name: (kind, set(re.findall(r"`(\w+)`", labels))) for name, kind, labels in rows}


def served(text: str) -> dict[str, tuple[str, set[str]]]:
    kinds = dict(re.findall(r"^# TYPE (\S+) (\w+)$", text, re.MULTILINE))
    found = {name: (kind, set()) for name, kind in kinds.items()}
    for sample in metrics(text):
        name, _, labels = sample.partition("{")
        family = name if name in kinds else re.sub(r"_(bucket|count|sum)$", "", name)
        found[family][1].update(set(re.findall(r'(\w+)="', labels)) - {"le"})
    return found


def test_the_page_has_every_metric_with_its_type_and_labels(amplitude, start_gateway, tmp_path):
    certificate, key = tmp_path / "tls.pem", tmp_path / "tls.key"
    install(Authority(tmp_path).issue("gateway", "IP:127.0.0.1"), certificate, key)
    socket = f"unix:{tmp_path / 'gateway.sock'}"
    gateway = start_gateway(
        *("--listen", socket, "--audit-log", str(tmp_path / "audit.jsonl")),
        *("--tls-cert", str(certificate), "--tls-key", str(key)),
    )
    stub = gateway.stub()
    group_id = str(amplitude.add_group(slots=[{"percentage": 100}]))
    update = api.UpdateMutexGroupRequest(mutex_group=groups.MutexGroup(id=group_id, name="x"))
    stub.UpdateMutexGroup(update)
    document = {**amplitude.document(int(group_id)), "name": 7}
    amplitude.fault("get", reply(200, document))
    stub.GetMutexGroup(api.GetMutexGroupRequest(mutex_group_id=group_id))
    amplitude.always("list", reply(503))
    failure(stub.ListMutexGroups, api.ListMutexGroupsRequest(), timeout=2)

    lag = "mutexd_event_loop_lag_seconds_count"
    wait_until(
        lambda: metrics(gateway.http("/metrics").body).get(lag, 0) > 0, "the lag was measured"
    )
    assert served(gateway.http("/metrics").body) == documented()
