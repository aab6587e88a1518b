"""Alerts fire when they must, and they and the dashboard ask only for metrics that are there."""

from __future__ import annotations

import json
import re
import subprocess

import pytest
import yaml
from mutexgroups.v1 import mutex_group_service_pb2 as api

from fake_amplitude import FakeAmplitude
from gateway import Gateway
from process import REPOSITORY

FOLDER = REPOSITORY / "deploy" / "prometheus"
RULES = FOLDER / "mutexd.rules.yaml"
CASES = FOLDER / "mutexd.rules.test.yaml"
DASHBOARD = REPOSITORY / "deploy" / "grafana" / "mutexd.json"
# Made by Prometheus itself.
SYNTHETIC = {"up"}
# Metrics that come with a feature of the build, and the setting that tells whether it has it.
FEATURES = {
    "mutexd_audit_": "audit-log",
    "mutexd_event_loop_": "audit-log",
    "mutexd_tls_": "tls-cert",
}


def alerts() -> list[dict]:
    groups = yaml.safe_load(RULES.read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def dashboard() -> dict:
    return json.loads(DASHBOARD.read_text())


def dashboard_queries() -> list[str]:
    targets = [
        target["expr"] for panel in dashboard()["panels"] for target in panel.get("targets", [])
    ]
    variables = [
        variable["query"]["query"]
        for variable in dashboard()["templating"]["list"]
        if variable["type"] == "query"
    ]
    return targets + variables + [note["expr"] for note in dashboard()["annotations"]["list"]]


def metrics_in(query: str) -> set[str]:
    return set(re.findall(r"\b(?:up|(?:mutexd|process)_\w+)\b", query))


def listed(metric: str) -> bool:
    """On the page of the metrics: those too that only some settings bring."""
    page = (REPOSITORY / "docs" / "metrics").with_suffix(".md")
    name = re.sub(r"_(bucket|count|sum)$", "", metric)
    return page.exists() and f"`{name}`" in page.read_text()


def in_another_build(metric: str) -> bool:
    page = (REPOSITORY / "docs" / "configuration.md").read_text()
    return any(
        metric.startswith(prefix) and f"\n| `{setting}` |" not in page
        for prefix, setting in FEATURES.items()
    )


def unknown(query: str, exposed: set[str]) -> set[str]:
    used = metrics_in(query)
    assert used, query
    return {
        metric for metric in used - exposed if not listed(metric) and not in_another_build(metric)
    }


def promtool(*arguments: object) -> None:
    outcome = subprocess.run(
        ["promtool", *map(str, arguments)], capture_output=True, text=True, timeout=120
    )
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr


@pytest.fixture(scope="module")
def exposed() -> set[str]:
    """The metrics of a process after a session in which something failed."""
    with FakeAmplitude() as amplitude:
        gateway = Gateway("--amplitude-url", amplitude.url)
        gateway.stub().ListMutexGroups(api.ListMutexGroupsRequest())
        text = gateway.http("/metrics").body
        assert gateway.stop() == 0
    return set(re.findall(r"^([a-z]\w*)(?:\{.*\})? \S+$", text, re.MULTILINE)) | SYNTHETIC


def test_the_rules_are_well_formed():
    promtool("check", "rules", RULES)


def test_the_alerts_fire_when_they_must_and_are_quiet_otherwise():
    promtool("test", "rules", CASES)


def test_every_alert_has_a_case_in_which_it_fires():
    firing = {
        check["alertname"]
        for case in yaml.safe_load(CASES.read_text())["tests"]
        for check in case.get("alert_rule_test", [])
        if check.get("exp_alerts")
    }
    assert firing == {alert["alert"] for alert in alerts()}


def test_every_alert_has_a_severity_and_a_section_in_the_runbook():
    page = (REPOSITORY / "docs" / "operations.md").read_text()
    headings = re.findall(r"^#+ (Mutexd\w+)$", page, re.MULTILINE)
    names = [alert["alert"] for alert in alerts()]
    assert sorted(headings) == sorted(names)
    for alert in alerts():
        assert alert["labels"]["severity"] in ("page", "ticket"), alert["alert"]
        runbook = f"docs/operations.md#{alert['alert'].lower()}"
        assert alert["annotations"]["runbook"] == runbook


def test_alerts_ask_for_metrics_that_are_there(exposed):
    for alert in alerts():
        assert unknown(alert["expr"], exposed) == set(), alert["alert"]


def test_the_dashboard_asks_for_metrics_that_are_there(exposed):
    assert len(dashboard_queries()) > 20
    for query in dashboard_queries():
        assert unknown(query, exposed) == set(), query


def test_the_dashboards_queries_are_well_formed(tmp_path):
    # Grafana fills in the names that begin with a dollar.
    queries = [
        query.replace("$__rate_interval", "5m")
        for query in dashboard_queries()
        if not query.startswith("label_values(")
    ]
    rules = [{"record": f"dashboard:{i}", "expr": query} for i, query in enumerate(queries)]
    path = tmp_path / "dashboard.rules.yaml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}))
    promtool("check", "rules", path)


def test_the_dashboards_panels_neither_overlap_nor_share_an_id():
    panels = dashboard()["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    cells = [
        (x, y)
        for place in (panel["gridPos"] for panel in panels)
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(set(cells)) == len(cells)
    assert max(x for x, _ in cells) < 24
