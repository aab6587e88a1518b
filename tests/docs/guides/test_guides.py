"""The guides of docs/clients do what they say: the examples of a page, in order, are one program,
which runs against a sandbox with the package as its users install it. What each example prints is
what stands behind it.

A second service has TLS and asks for certificates; it is the one that the pages call
gateway.example.com:443, and the pages' certificates lie in the folder where the program runs.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from book import run_shell, shows
from certificates import Authority
from gateway import Gateway
from languages import LANGUAGES, MARK
from process import binary, run


@pytest.fixture
def folder(tmp_path) -> Path:
    """Where a guide's program runs: with the files that it names."""
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    authority = Authority(secrets)
    authority.issue("server", "DNS:gateway.example.com,IP:127.0.0.1")
    client = authority.issue("client", "DNS:guide.example.com")
    program = tmp_path / "program"
    program.mkdir()
    for file in (authority.certificate, client.certificate, client.key):
        shutil.copy(file, program)
    return program


@pytest.fixture
def secured(folder):
    secrets = folder.parent / "secrets"
    gateway = Gateway(
        "--sandbox",
        *("--tls-cert", str(secrets / "server.pem"), "--tls-key", str(secrets / "server.key")),
        *("--tls-client-ca", str(secrets / "ca.pem")),
        key=None,
    )
    yield gateway
    assert gateway.stop() == 0


@pytest.fixture
def sandbox():
    gateway = Gateway("--sandbox", key=None)
    yield gateway
    assert gateway.stop() == 0


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.name)
def test_the_guide_does_what_it_shows(language, folder, sandbox, secured):
    language.install()
    program = language.program().replace("gateway.example.com:443", secured.address)
    (folder / language.file).write_text(program)
    command = language.prepare(folder)
    environment = {
        **os.environ,
        "MUTEXGROUPS_SERVER": sandbox.address,
        # Where the examples find mutexd.
        "PATH": os.pathsep.join([str(binary("mutexd").parent), os.environ["PATH"]]),
        # For the one whose program is not made here.
        "GATEWAY": secured.address,
    }
    done = run(command, environment, cwd=folder)
    assert done.returncode == 0, done.stderr + done.stdout
    printed = done.stdout.split(MARK + "\n")
    assert len(printed) == len(language.examples) + 1
    for block, lines in zip(language.examples, printed, strict=False):
        assert shows(block.output or "", lines), f"{block.code}\nprinted\n{lines}"
    assert not printed[-1]


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.name)
def test_the_guides_shell_examples_do_what_they_show(language, tmp_path, sandbox):
    addresses = {"grpc": sandbox.address, "management": sandbox.management}
    run_shell(language.page, tmp_path, addresses)
