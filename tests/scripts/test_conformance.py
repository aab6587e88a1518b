"""The suite of tests/conformance: it finds what differs, and its cases are well-formed."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.conformance import matrix
from tests.conformance.cases import checked, load_cases
from tests.conformance.expectations import differences

VALUE = {"code": "OK", "ids": ["1", "2"], "delay": 1500, "none": None, "group": {"name": "a"}}


@pytest.mark.parametrize(
    "expected",
    [
        {},
        {"code": "OK"},
        {"ids": ["1", "2"], "none": None},
        {"ids": {"$length": 2}, "delay": {"$between": [1, 2000]}, "none": {"$absent": True}},
        {"code": {"$matches": "^O"}, "group": {"$is": {"name": "a"}}, "nothing": {"$absent": True}},
        {"code": {"$one_of": ["OK", "FINE"]}, "group": {"$lacks": "secret"}},
        {"code": {"$matches_all": ["O", "K"]}},
    ],
)
def test_what_is_expected_matches(expected):
    assert differences(expected, VALUE) == []


@pytest.mark.parametrize(
    ("expected", "path"),
    [
        ({"code": "FINE"}, ".code"),
        ({"ids": ["1"]}, ".ids"),
        ({"ids": ["1", 2]}, ".ids[1]"),
        ({"ids": {"$length": 3}}, ".ids"),
        ({"delay": "1500"}, ".delay"),
        ({"delay": True}, ".delay"),
        ({"delay": {"$between": [0, 1]}}, ".delay"),
        ({"none": ""}, ".none"),
        ({"group": {"name": {"$absent": True}}}, ".group.name"),
        ({"group": {"$is": {}}}, ".group"),
        ({"group": {"$lacks": "a"}}, ".group"),
        ({"code": {"$matches_all": ["O", "x"]}}, ".code"),
        ({"missing": {"name": "a"}}, ".missing"),
    ],
)
def test_what_differs_is_found(expected, path):
    found = differences(expected, VALUE)
    assert [text.partition(":")[0] for text in found] == [path]


def test_an_unknown_matcher_is_an_error():
    with pytest.raises(KeyError):
        differences({"code": {"$like": "x"}}, VALUE)


@pytest.mark.parametrize(
    "case",
    [
        {"name": "a", "title": "t", "call": "Get"},
        {"name": "a", "title": "t", "call": "Get", "expects": {"response": {}}},
        {"name": "a", "title": "t", "call": "Get", "expect": {"respons": {}}},
        {"name": "a", "title": "t", "expect": {"response": {}}},
        {"name": "a", "call": "Get", "expect": {"response": {}}},
    ],
)
def test_a_case_that_would_check_nothing_is_refused(case):
    with pytest.raises(AssertionError):
        checked(Path("cases.yaml"), case)


def test_the_cases_are_well_formed():
    assert len(load_cases()) > 100


def test_a_column_that_stopped_early_is_no_success():
    outcomes = matrix.Outcomes()
    outcomes.add("a", "go", None)
    assert outcomes.all_passed(1)
    assert not outcomes.all_passed(2)
    assert "not run" in matrix.render(["a", "b"], ["go"], outcomes)
    outcomes.add("b", "go", "  it broke")
    assert not outcomes.all_passed(2)
    assert "it broke" in matrix.render(["a", "b"], ["go"], outcomes)
