"""The benchmark tells void measurements from good ones, and reached figures from missed ones."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.bench import workload  # noqa: E402
from tests.bench.calls import Sizes  # noqa: E402
from tests.bench.chart import draw  # noqa: E402
from tests.bench.distinct import check_asked, parse_outcome  # noqa: E402
from tests.bench.figures import FIGURES, Figure, Results  # noqa: E402
from tests.bench.load import parse  # noqa: E402
from tests.bench.paths import BenchError  # noqa: E402
from tests.bench.phases import check  # noqa: E402

OUTPUT = """\
finished in 1.50ms, 2000.00 req/s, 1.91MB/s
requests: 3 total, 3 started, 3 done, {succeeded} succeeded, {failed} failed, 0 errored, 0 timeout
status codes: 3 2xx, 0 3xx, 0 4xx, 0 5xx
traffic: 2.94KB (3009) total, 168B (168) headers (space savings 75.00%), 780B (780) data
"""
LOG = "1700000000000001\t200\t300\n1700000000000002\t200\t100\n1700000000000003\t{status}\t200\n"


def loaded(succeeded: int = 3, failed: int = 0, status: int = 200):
    return parse(OUTPUT.format(succeeded=succeeded, failed=failed), LOG.format(status=status), 3)


def test_reads_what_h2load_says():
    result = loaded()
    assert result.requests_per_second == 2000
    assert result.body_bytes == 780
    assert result.p50 == 0.0002
    assert result.p99 == 0.0003
    check(result, Sizes(260, 260))


@pytest.mark.parametrize("bad", [{"succeeded": 2, "failed": 1}, {"status": 503}])
def test_a_single_error_is_void(bad):
    with pytest.raises(BenchError):
        check(loaded(**bad), Sizes(260, 260))


@pytest.mark.parametrize("sizes", [Sizes(261, 266), Sizes(200, 259)])
def test_a_wrong_size_is_void(sizes):
    with pytest.raises(BenchError, match="780 bytes"):
        check(loaded(), sizes)


def test_output_of_another_h2load_is_no_measurement():
    with pytest.raises(BenchError, match="something else"):
        parse("finished\n", "", 3)


def distinct_outcome(**changed):
    outcome = {"requests": 4, "errors": 0, "first_error": "", "seconds": 0.5}
    outcome |= {"p50": 0.001, "p99": 0.002, "bytes": 1040}
    return json.dumps(outcome | changed)


def test_reads_what_the_distinct_load_says():
    result = parse_outcome(distinct_outcome(), 4)
    assert (result.requests_per_second, result.p50, result.p99) == (8, 0.001, 0.002)
    check(result, Sizes(260, 260))


@pytest.mark.parametrize("bad", [{"errors": 1, "first_error": "of another group"}, {"requests": 3}])
def test_a_single_error_of_the_distinct_load_is_void(bad):
    with pytest.raises(BenchError):
        check(parse_outcome(distinct_outcome(**bad), 4), Sizes(0, 1040))


@pytest.mark.parametrize("asked", [3, 5])
def test_distinct_calls_that_take_another_number_of_requests_are_void(asked):
    check_asked(4, 4)
    with pytest.raises(BenchError, match=f"4 calls took {asked} requests"):
        check_asked(asked, 4)


def test_any_small_body_is_as_long_as_the_one_and_has_its_id():
    body = workload.any_small_body(str(workload.DISTINCT_FIRST_ID))
    assert len(body) == len(workload.small_body())
    wanted = workload.small_group() | {"id": workload.DISTINCT_FIRST_ID}
    assert json.loads(body) == wanted


def test_a_figure_without_bounds_is_only_told():
    assert Figure("x", "y", lambda _: 0.4).verdict(0.4) == ""


@pytest.mark.parametrize(
    ("more_is_better", "value", "verdict"),
    [
        (False, 0.3, "aim"),
        (False, 0.4, "must"),
        (False, 0.6, "missed"),
        (True, 0.6, "aim"),
        (True, 0.3, "must"),
        (True, 0.2, "missed"),
        (True, None, "not measured"),
    ],
)
def test_figures_are_judged_by_must_and_aim(more_is_better, value, verdict):
    must, aim = (0.3, 0.6) if more_is_better else (0.5, 0.3)
    figure = Figure("x", "y", lambda _: value, must, aim, more_is_better)
    assert figure.verdict(value) == verdict


def test_figures_are_ratios_of_medians():
    cpu = {"mutexd": [1, 2, 9], "envoy": [4, 1, 4], "grpc-go": [1, 1, 1]}
    samples = {"get": {name: {"cpu": values} for name, values in cpu.items()}}
    results = Results(samples, {}, {})
    against_envoy = next(
        figure for figure in FIGURES if figure.title.endswith("CPU") and figure.against == "Envoy"
    )
    assert against_envoy.value(results) == 0.5
    assert "500,000 µs" not in draw(results, "")
    assert "2,000,000 µs" in draw(results, "")
