"""Page by page: nothing lost, nothing twice, and no page larger than a client takes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
from mutexgroups.v1 import mutex_group_pb2 as groups
from mutexgroups.v1 import mutex_group_service_pb2 as api

from fake_amplitude import reply
from rpc_errors import expect

MAX_REPLY_BYTES = 3_670_016  # 3.5 MiB


def pages(stub, **fields) -> Iterator[api.ListMutexGroupsResponse]:
    token = ""
    while True:
        page = stub.ListMutexGroups(api.ListMutexGroupsRequest(page_token=token, **fields))
        yield page
        token = page.next_page_token
        if not token:
            return


def listed(stub, **fields) -> list[str]:
    return [group.id for page in pages(stub, **fields) for group in page.mutex_groups]


def first_token(stub, **fields) -> str:
    token = next(pages(stub, **fields)).next_page_token
    assert token
    return token


def add_groups(amplitude, count: int) -> list[str]:
    return [str(amplitude.add_group()) for _ in range(count)]


@pytest.mark.parametrize("page_size", [1000, 100, 7])
def test_three_thousand_groups_of_uneven_size_are_listed_once_each(amplitude, stub, page_size):
    expected = []
    for number in range(3000):
        # Mostly small, some large enough that a page of 1000 must be cut several times.
        count = 400 if number % 11 == 0 else number % 5
        individuals = [f"user-{number:05}-{n:05}-{'x' * 80}" for n in range(count)]
        slots = [{"percentage": 50, "individuals": individuals}, {"percentage": 50}]
        expected.append(str(amplitude.add_group(slots=slots)))

    seen, sizes, cut = [], [], 0
    for page in pages(stub, page_size=page_size):
        assert page.ByteSize() <= MAX_REPLY_BYTES
        assert len(page.mutex_groups) <= page_size
        assert not page.unreadable
        if page.next_page_token and len(page.mutex_groups) < page_size:
            cut += 1
        sizes.append(len(page.mutex_groups))
        seen += [group.id for group in page.mutex_groups]

    twice = [group_id for group_id, count in Counter(seen).items() if count > 1]
    assert twice == []
    assert seen == expected
    if page_size == 1000:
        assert cut > 0, f"no page was cut: {sizes}"


@pytest.mark.parametrize("upstream_limit", [1, 3, 10, 1000])
@pytest.mark.parametrize("page_size", [1, 4, 10, 11])
def test_amplitudes_pages_and_ours_need_not_agree(amplitude, stub, upstream_limit, page_size):
    amplitude.max_limit = upstream_limit
    expected = add_groups(amplitude, 10)
    assert listed(stub, page_size=page_size) == expected


def test_a_small_cap_cuts_pages_that_continue(amplitude, start_gateway):
    stub = start_gateway("--max-reply-bytes", "16384").stub()
    slots = [{"percentage": 100, "individuals": ["i" * 100 for _ in range(10)]}]
    expected = [str(amplitude.add_group(slots=slots)) for _ in range(60)]
    replies = list(pages(stub, page_size=1000))
    assert all(page.ByteSize() <= 16384 for page in replies)
    assert len(replies) > 3
    assert [group.id for page in replies for group in page.mutex_groups] == expected


def test_zero_means_a_hundred(amplitude, stub):
    add_groups(amplitude, 101)
    assert [len(page.mutex_groups) for page in pages(stub)] == [100, 1]


def test_more_than_a_thousand_means_a_thousand(amplitude, stub):
    add_groups(amplitude, 1001)
    assert [len(page.mutex_groups) for page in pages(stub, page_size=5000)] == [1000, 1]


def test_an_upstream_cursor_may_be_text_and_stand_on_the_last_page(amplitude, stub):
    amplitude.cursor_type = str
    amplitude.cursor_on_last_page = True
    amplitude.max_limit = 2
    expected = add_groups(amplitude, 4)
    assert listed(stub, page_size=2) == expected


def test_a_cursor_that_does_not_advance_is_malformed(amplitude, stub):
    amplitude.max_limit = 2
    amplitude.cursor_always_advances = False
    add_groups(amplitude, 6)

    def list_all():
        list(pages(stub, page_size=2))

    expect("INTERNAL", "MALFORMED_AMPLITUDE_REPLY", list_all)
    assert len(amplitude.of("list")) < 10


def test_a_cursor_that_does_not_advance_on_an_empty_page_ends_quietly(amplitude, stub):
    amplitude.fault("list", reply(200, {"mutexes": [amplitude_group(1)], "nextCursor": 1}))
    amplitude.always("list", reply(200, {"mutexes": [], "nextCursor": 1}))
    assert listed(stub, page_size=1) == ["1"]


def amplitude_group(number: int) -> dict:
    return {"id": number, "name": "N", "slots": [{"index": 1, "percentage": 100}]}


# -- tokens


def test_a_token_works_on_another_process(amplitude, start_gateway):
    expected = add_groups(amplitude, 5)
    token = first_token(start_gateway().stub(), page_size=2)
    other = start_gateway().stub()
    page = other.ListMutexGroups(api.ListMutexGroupsRequest(page_size=2, page_token=token))
    assert [group.id for group in page.mutex_groups] == expected[2:4]


def test_a_token_takes_another_page_size(amplitude, stub):
    expected = add_groups(amplitude, 5)
    token = first_token(stub, page_size=2)
    page = stub.ListMutexGroups(api.ListMutexGroupsRequest(page_size=100, page_token=token))
    assert [group.id for group in page.mutex_groups] == expected[2:]


@pytest.mark.parametrize(
    "changed",
    [{"show_archived": True}, {"filter": groups.MutexGroupFilter(project_id=1)}],
    ids=["show_archived", "filter"],
)
def test_a_token_belongs_to_its_filter_and_show_archived(amplitude, stub, changed):
    add_groups(amplitude, 3)
    token = first_token(stub, page_size=1)
    request = api.ListMutexGroupsRequest(page_size=1, page_token=token, **changed)
    expect("INVALID_ARGUMENT", "INVALID_PAGE_TOKEN", stub.ListMutexGroups, request)


def test_any_corruption_of_a_token_is_noticed(amplitude, stub):
    add_groups(amplitude, 3)
    token = first_token(stub, page_size=1)
    broken = {"x", token[:-1], token + "A", "\u00fc" + token, token[::-1]}
    for position in range(len(token)):
        other = "A" if token[position] != "A" else "B"
        broken.add(token[:position] + other + token[position + 1 :])
    broken.discard(token)
    amplitude.forget_requests()
    for bad in sorted(broken):
        request = api.ListMutexGroupsRequest(page_size=1, page_token=bad)
        expect("INVALID_ARGUMENT", "INVALID_PAGE_TOKEN", stub.ListMutexGroups, request)
    assert amplitude.wire == []
