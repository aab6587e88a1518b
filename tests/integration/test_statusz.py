"""/statusz in a real browser."""

from __future__ import annotations

import json
import re
import shutil
import subprocess

import pytest
from mutexgroups.v1 import mutex_group_pb2 as groups
from mutexgroups.v1 import mutex_group_service_pb2 as api

import fake_amplitude
from fake_amplitude import reply
from rpc_errors import failure

HOSTILE = '"><img src=x onerror=alert(1)><script>alert(2)</script>'


@pytest.fixture
def browser(tmp_path):
    """Loads a page in Chromium; gives the DOM that came of it and what the console said."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("chromium is not installed: scripts/deps --dev")

    def load(url: str, *flags: str) -> tuple[str, list[str]]:
        done = subprocess.run(
            [
                *(chromium, "--headless", "--no-sandbox", "--disable-gpu", "--no-proxy-server"),
                *("--enable-logging=stderr", "--v=0", f"--user-data-dir={tmp_path}/profile"),
                *flags,
                *("--dump-dom", url),
            ],
            capture_output=True,
            text=True,
            timeout=fake_amplitude.PATIENCE_SECONDS,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout, [line for line in done.stderr.splitlines() if "CONSOLE" in line]

    return load


def session(amplitude, gateway) -> str:
    """Some reads, writes and failures; gives the id of the group that was written."""
    stub = gateway.stub()
    group_id = str(amplitude.add_group(name=HOSTILE))
    stub.UpdateMutexGroup(
        api.UpdateMutexGroupRequest(
            mutex_group=groups.MutexGroup(id=group_id, description="written")
        ),
        metadata=[("x-request-id", "call-of-the-test")],
    )
    failure(
        stub.UpdateMutexGroup,
        api.UpdateMutexGroupRequest(mutex_group=groups.MutexGroup(id=HOSTILE, name="x")),
    )
    return group_id


def test_a_browser_shows_the_page_without_complaint(amplitude, gateway, browser):
    group_id = session(amplitude, gateway)
    dom, console = browser(f"http://{gateway.management}/statusz", "--window-size=400,900")
    assert console == []
    assert "<script" not in dom
    assert "<img" not in dom
    assert re.search(r'class="state good">serving<', dom)
    assert "call-of-the-test" in dom
    assert f'data-name="Group" class="text">{group_id}<' in dom
    assert dom.count('class="bar') == 2, "the two budgets of the service's key"
    assert "&lt;script&gt;alert(2)" in dom
    assert "# flag --management" in dom
    assert fake_amplitude.KEY not in dom


def test_the_page_is_also_there_for_programs(amplitude, gateway):
    group_id = session(amplitude, gateway)
    answer = gateway.http("/statusz?format=json")
    status = json.loads(answer.body)
    assert status["state"] == "serving"
    assert status["circuit"] == "closed"
    assert [write["code"] for write in status["recent_writes"]] == ["NOT_FOUND", "OK"]
    assert status["recent_writes"][1]["mutex_group_id"] == group_id
    assert status["quotas"][0]["day_left"] < status["quotas"][0]["day_limit"]
    assert status["calls_under_way"] == 0


def test_the_last_failure_of_amplitude_is_told(amplitude, gateway):
    amplitude.always("list", reply(401))
    failure(gateway.stub().ListMutexGroups, api.ListMutexGroupsRequest())
    status = json.loads(gateway.http("/statusz?format=json").body)
    assert status["last_failure_kind"] == "list: 401"
    assert "last_success" not in status


def test_it_reloads_itself_when_asked(gateway):
    assert 'content="5"' in gateway.http("/statusz?refresh=5").body
    assert "http-equiv" not in gateway.http("/statusz?refresh=0").body


def test_the_page_is_there_before_and_while_draining(amplitude, start_gateway):
    gateway = start_gateway("--upstream-timeout", "60s")
    gate = fake_amplitude.Gate()
    amplitude.fault("list", gate)
    call = gateway.stub().ListMutexGroups.future(api.ListMutexGroupsRequest())
    gate.wait_for_arrival()
    gateway.terminate()
    fake_amplitude.wait_until(
        lambda: ">draining<" in gateway.http("/statusz").body, "the page says that it drains"
    )
    gate.open()
    call.result()
    assert gateway.wait() == 0
