"""The fake itself: a test that relies on a fault must be able to rely on it happening."""

from __future__ import annotations

import http.client
import json
import socket

import pytest

import fake_amplitude
from fake_amplitude import KEY, PREFIX, FakeAmplitude, Gate


class Client:
    """One connection to the fake."""

    def __init__(self, fake: FakeAmplitude):
        self.connection = http.client.HTTPConnection("127.0.0.1", fake.port, timeout=10)

    def ask(self, method: str, path: str, body=None, key: str = KEY):
        headers = {"Authorization": f"Bearer {key}"}
        data = None if body is None else json.dumps(body)
        self.connection.request(method, PREFIX + path, data, headers)
        answer = self.connection.getresponse()
        text = answer.read()
        return answer.status, text

    def json(self, method: str, path: str, body=None):
        status, text = self.ask(method, path, body)
        assert status == 200, (status, text)
        return json.loads(text)


@pytest.fixture
def client(amplitude):
    client = Client(amplitude)
    yield client
    client.connection.close()


def test_lists_by_offset_to_the_end(amplitude, client):
    ids = [amplitude.add_group() for _ in range(5)]
    seen, cursor = [], ""
    for _page in range(3):
        page = client.json("GET", f"?limit=2&cursor={cursor}")
        seen += [group["id"] for group in page["mutexes"]]
        cursor = page.get("nextCursor")
    assert seen == ids
    assert cursor is None


def test_writes_ids_as_text_where_told(amplitude, client):
    amplitude.id_type = str
    group_id = amplitude.add_group()
    assert client.json("GET", f"/{group_id}")["id"] == str(group_id)


def test_a_create_is_seen_and_its_key_is_taken(amplitude, client):
    body = {"projectId": 1, "name": "N", "key": "k", "slots": [{"percentage": 100}]}
    made = client.json("POST", "", body)
    assert client.json("GET", f"/{made['id']}")["key"] == "k"
    assert client.ask("POST", "", body)[0] == 409


def test_an_edit_changes_what_it_names(amplitude, client):
    group_id = amplitude.add_group(description="old")
    assert client.ask("PATCH", f"/{group_id}", {"name": "New"}) == (200, b"OK")
    group = client.json("GET", f"/{group_id}")
    assert (group["name"], group["description"]) == ("New", "old")


@pytest.mark.parametrize(("base", "changed"), [(1, 1), (0, 2)])
def test_the_slot_index_base_decides_which_slot_changes(amplitude, client, base, changed):
    amplitude.slot_index_base = base
    group_id = amplitude.add_group()
    client.ask("PATCH", f"/{group_id}/slots/1", {"experiments": [7]})
    assert amplitude.slot(group_id, changed)["experiments"] == [7]
    assert amplitude.slot(group_id, 3 - changed)["experiments"] == []


def test_lag_hides_a_write_for_a_number_of_reads(amplitude, client):
    group_id = amplitude.add_group(name="Old")
    amplitude.lag_reads = 2
    client.ask("PATCH", f"/{group_id}", {"name": "New"})
    names = [client.json("GET", f"/{group_id}")["name"] for _ in range(3)]
    assert names == ["Old", "Old", "New"]


def test_lag_hides_a_create(amplitude, client):
    amplitude.lag_reads = 1
    body = {"projectId": 1, "name": "N", "key": "k", "slots": [{"percentage": 100}]}
    made = client.json("POST", "", body)
    assert client.ask("GET", f"/{made['id']}")[0] == 404
    assert client.ask("GET", f"/{made['id']}")[0] == 200


def test_a_wrong_key_is_refused(amplitude, client):
    assert client.ask("GET", "", key="ampex_other")[0] == 401


def test_records_requests_and_counts_connections(amplitude, client):
    client.ask("PATCH", "/12%2F3/slots/4?x=1", {"holdouts": []})
    client.ask("GET", "?limit=5")
    edit, listing = amplitude.requests
    assert (edit.route, edit.segments, edit.query) == (
        "edit_slot",
        ["12/3", "slots", "4"],
        {"x": "1"},
    )
    assert edit.json == {"holdouts": []}
    assert edit.headers["authorization"] == f"Bearer {KEY}"
    assert (listing.route, listing.query) == ("list", {"limit": "5"})
    assert amplitude.connections == 1
    assert amplitude.wire[1] == f"GET {PREFIX}?limit=5"


def test_a_script_is_served_before_the_model(amplitude, client):
    group_id = amplitude.add_group()
    amplitude.fault("get", fake_amplitude.reply(503), fake_amplitude.html(502))
    statuses = [client.ask("GET", f"/{group_id}")[0] for _ in range(3)]
    assert statuses == [503, 502, 200]


def test_a_fault_can_pick_its_requests(amplitude, client):
    first, second = amplitude.add_group(), amplitude.add_group()
    amplitude.fault("get", fake_amplitude.reply(500), when=lambda r: r.segments == [str(second)])
    assert client.ask("GET", f"/{first}")[0] == 200
    assert client.ask("GET", f"/{second}")[0] == 500


def test_close_ends_without_a_reply(amplitude, client):
    amplitude.fault("list", fake_amplitude.close_connection())
    with pytest.raises(http.client.RemoteDisconnected):
        client.ask("GET", "")


def test_reset_is_a_tcp_reset(amplitude, client):
    amplitude.fault("list", fake_amplitude.reset_connection())
    with pytest.raises(ConnectionResetError):
        client.ask("GET", "")


def test_a_cut_body_is_shorter_than_promised(amplitude, client):
    amplitude.fault("list", fake_amplitude.cut({"mutexes": []}, 5))
    with pytest.raises(http.client.IncompleteRead) as error:
        client.ask("GET", "")
    assert error.value.partial == b'{"mut'


def test_a_cut_body_can_end_in_a_reset(amplitude, client):
    amplitude.fault("list", fake_amplitude.cut({"mutexes": []}, 5, reset=True))
    with pytest.raises((ConnectionResetError, http.client.IncompleteRead)):
        client.ask("GET", "")


def test_applied_then_close_has_done_the_write(amplitude, client):
    group_id = amplitude.add_group()
    amplitude.fault("edit", fake_amplitude.applied_then(fake_amplitude.close_connection()))
    with pytest.raises(http.client.RemoteDisconnected):
        client.ask("PATCH", f"/{group_id}", {"name": "Done"})
    assert amplitude.groups[group_id]["name"] == "Done"


def test_close_alone_has_not_done_the_write(amplitude, client):
    group_id = amplitude.add_group(name="Before")
    amplitude.fault("edit", fake_amplitude.close_connection())
    with pytest.raises(http.client.RemoteDisconnected):
        client.ask("PATCH", f"/{group_id}", {"name": "After"})
    assert amplitude.groups[group_id]["name"] == "Before"


def test_informational_replies_come_first(amplitude):
    amplitude.fault("list", fake_amplitude.preceded_by([103]))
    with socket.create_connection(("127.0.0.1", amplitude.port), timeout=10) as raw:
        raw.sendall(f"GET {PREFIX} HTTP/1.1\r\nAuthorization: Bearer {KEY}\r\n\r\n".encode())
        received = b""
        while b'{"mutexes": []}' not in received:
            data = raw.recv(4096)
            assert data, received
            received += data
    assert received.startswith(b"HTTP/1.1 103 ")
    assert b"HTTP/1.1 200 " in received


def test_an_endless_body_is_as_long_as_asked(amplitude, client):
    amplitude.fault("list", fake_amplitude.endless(3 << 20))
    status, body = client.ask("GET", "")
    assert status == 200
    assert len(body) > 3 << 20


def test_refuses_connections_and_accepts_them_again(amplitude):
    amplitude.refuse()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", amplitude.port), timeout=10)
    amplitude.listen()
    socket.create_connection(("127.0.0.1", amplitude.port), timeout=10).close()


def test_refusing_resets_what_is_under_way(amplitude, client):
    amplitude.fault("list", fake_amplitude.hang_in_body({"mutexes": []}, 3))
    client.connection.request("GET", PREFIX, headers={"Authorization": f"Bearer {KEY}"})
    answer = client.connection.getresponse()
    amplitude.refuse()
    with pytest.raises((ConnectionResetError, http.client.IncompleteRead)):
        answer.read()


def test_closes_connections_as_they_come(amplitude, client):
    amplitude.close_next_connections(1)
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError)):
        client.ask("GET", "")
    assert amplitude.requests == []
    assert Client(amplitude).ask("GET", "")[0] == 200


def test_a_gate_holds_a_request_until_it_opens(amplitude, client):
    gate = Gate()
    amplitude.fault("list", gate)
    client.connection.request("GET", PREFIX, headers={"Authorization": f"Bearer {KEY}"})
    gate.wait_for_arrival()
    gate.open()
    assert client.connection.getresponse().status == 200


def test_a_gate_notices_that_the_client_left(amplitude, client):
    gate = Gate()
    amplitude.fault("list", gate)
    client.connection.request("GET", PREFIX, headers={"Authorization": f"Bearer {KEY}"})
    gate.wait_for_arrival()
    client.connection.close()
    gate.wait_for_client_to_leave()
