"""The include check catches what it is there for."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "scripts"))

import check_layers  # noqa: E402


@pytest.fixture
def check(tmp_path):
    """Checks a tree made of the given files."""

    def run(files: dict[str, str]) -> list[str]:
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return list(check_layers.violations(tmp_path))

    return run


def test_the_repository_keeps_its_layers():
    assert list(check_layers.violations(REPOSITORY)) == []


@pytest.mark.parametrize(
    ("path", "include"),
    [
        ("service/http/a.cc", "<curl/curl.h>"),
        ("service/http/a.cc", '"service/http/b.h"'),
        ("service/amplitude/a.cc", '"service/http/http_transport.h"'),
        ("service/amplitude/a.cc", '"rapidjson/reader.h"'),
        ("service/groups/a.h", '"service/amplitude/amplitude_api.h"'),
        ("service/rpc/a.h", "<grpcpp/grpcpp.h>"),
        ("service/sandbox/a.cc", "<httplib.h>"),
        ("service/authz/a.cc", "<toml++/toml.h>"),
        ("service/rpc/a.h", '"service/authz/policy.h"'),
        ("client/cpp/mutexctl/a.cc", '"service/authz/policy.h"'),
        ("service/http/a.cc", "<vector>"),
        ("service/http/a.cc", "<sys/socket.h>"),
    ],
)
def test_allows_what_a_folder_may_use(check, path, include):
    assert check({path: f"#include {include}\n"}) == []


@pytest.mark.parametrize(
    ("path", "include"),
    [
        ("service/http/a.cc", '"service/amplitude/call.h"'),
        ("service/amplitude/a.cc", '"service/groups/list.h"'),
        ("service/amplitude/a.cc", "<curl/curl.h>"),
        ("service/groups/a.cc", '"service/http/http_transport.h"'),
        ("service/groups/a.cc", '"rapidjson/document.h"'),
        ("service/groups/a.cc", "<grpcpp/grpcpp.h>"),
        ("service/authz/a.cc", '"service/amplitude/call.h"'),
        ("service/rpc/a.cc", '"service/http/http_transport.h"'),
        ("service/rpc/a.cc", "<spdlog/spdlog.h>"),
        ("service/sandbox/a.cc", '"service/amplitude/codec.h"'),
        ("service/telemetry/a.h", "<httplib.h>"),
        ("client/cpp/a.cc", '"service/amplitude/error.h"'),
        ("service/app/a.cc", '"tests/fakes/fake_clock.h"'),
        ("service/http/a.cc", '"b.h"'),
    ],
)
def test_refuses_what_a_folder_may_not_use(check, path, include):
    name = include.strip('<>"')
    assert [line.split(": ")[0] for line in check({path: f"\n#include {include}\n"})] == [
        f"{path}:2"
    ], name


def test_refuses_grpc_names_below_rpc_but_not_in_comments(check):
    files = {"service/groups/a.cc": "// grpc::Status is made in rpc\ngrpc::Status s;\n"}
    assert check(files) == ["service/groups/a.cc:2: grpc:: is not for folders below service/rpc"]


def test_refuses_private_libraries_in_headers_that_other_folders_reach(check):
    files = {
        "service/http/inside.h": "#include <curl/curl.h>\n",
        "service/http/outside.h": '#include "service/http/inside.h"\n',
        "service/amplitude/user.cc": '#include "service/http/outside.h"\n',
    }
    assert check(files) == [
        "service/http/inside.h:1: curl/curl.h reaches other folders through this header"
    ]


def test_allows_private_libraries_in_headers_of_the_folder_alone(check):
    files = {
        "service/http/inside.h": "#include <curl/curl.h>\n",
        "service/http/user.cc": '#include "service/http/inside.h"\n',
    }
    assert check(files) == []
