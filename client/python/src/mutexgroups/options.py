"""The options of a client: what is given, else what the environment says, else the defaults."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypedDict

import grpc

from mutexgroups._address import DEFAULT_SERVER, address_problem, is_local
from mutexgroups._tls import TlsFiles, read_credentials
from mutexgroups.errors import OptionError

DEFAULT_TIMEOUT = 30.0

# The service cuts pages at 3.5 MiB unless its operator raised `--max-reply-bytes`.
DEFAULT_MAX_RECEIVE_BYTES = 64 << 20


class ClientOptions(TypedDict, total=False):
    """Keyword arguments of `Client` and `AsyncClient`; each may be left out or None."""

    tls: bool | None
    """Whether to use TLS. MUTEXGROUPS_TLS (`on` or `off`); on where a file below is given."""

    tls_ca_file: str | os.PathLike[str] | None
    """Root certificates in place of the system's, in PEM. MUTEXGROUPS_TLS_CA_FILE."""

    tls_cert_file: str | os.PathLike[str] | None
    """The client's certificate in PEM, for mutual TLS. MUTEXGROUPS_TLS_CERT_FILE."""

    tls_key_file: str | os.PathLike[str] | None
    """The certificate's key in PEM. MUTEXGROUPS_TLS_KEY_FILE."""

    tls_server_name: str | None
    """The name expected in the server's certificate, where it is not that of the address.
    MUTEXGROUPS_TLS_SERVER_NAME."""

    timeout: float | None
    """Bounds each call in seconds, its retries included; each page of a listing is a call. 30."""

    max_receive_bytes: int | None
    """The largest reply to accept. 64 MiB."""

    amplitude_key: str | None
    """The caller's own management key, for a service that runs with `--credentials caller`. Never
    taken from the environment, and refused where it would cross a network in plain text."""

    environment: Mapping[str, str] | None
    """Where the variables are looked up, in place of `os.environ`."""


@dataclass(frozen=True)
class Settings:
    """Options that were checked, with files read."""

    server: str
    credentials: grpc.ChannelCredentials | None  # None: plain text
    tls_server_name: str
    timeout: float
    max_receive_bytes: int
    amplitude_key: str = field(repr=False)


def settings(
    server: str | None = None,
    *,
    tls: bool | None = None,
    tls_ca_file: str | os.PathLike[str] | None = None,
    tls_cert_file: str | os.PathLike[str] | None = None,
    tls_key_file: str | os.PathLike[str] | None = None,
    tls_server_name: str | None = None,
    timeout: float | None = None,
    max_receive_bytes: int | None = None,
    amplitude_key: str | None = None,
    environment: Mapping[str, str] | None = None,
) -> Settings:
    """Raises OptionError where an option, a variable or a file is not usable."""
    variables = os.environ if environment is None else environment

    def variable(name: str) -> str:
        return variables.get(f"MUTEXGROUPS_{name}", "")

    def file(option: str, given: str | os.PathLike[str] | None) -> tuple[str, str]:
        """What names the file, and its path; an empty path where there is none."""
        if given is not None:
            return option, os.fspath(given)
        return f"MUTEXGROUPS_{option.upper()}", variable(option.upper())

    address = variable("SERVER") or DEFAULT_SERVER if server is None else server
    problem = address_problem(address)
    if problem:
        source = "MUTEXGROUPS_SERVER" if server is None else "server"
        raise OptionError(f"{source}: {problem}")
    files = TlsFiles(
        ca=file("tls_ca_file", tls_ca_file),
        cert=file("tls_cert_file", tls_cert_file),
        key=file("tls_key_file", tls_key_file),
    )
    secure = _is_on(variable("TLS"), files.any) if tls is None else tls
    if amplitude_key is not None:
        _check_amplitude_key(amplitude_key, protected=secure or is_local(address))
    checked_timeout = check_timeout(DEFAULT_TIMEOUT if timeout is None else timeout)
    if max_receive_bytes is None:
        max_receive_bytes = DEFAULT_MAX_RECEIVE_BYTES
    if not 1 <= max_receive_bytes < 1 << 31:
        raise OptionError("max_receive_bytes: must be from 1 to 2147483647")
    return Settings(
        server=address,
        credentials=read_credentials(files) if secure else None,
        tls_server_name=variable("TLS_SERVER_NAME") if tls_server_name is None else tls_server_name,
        timeout=checked_timeout,
        max_receive_bytes=max_receive_bytes,
        amplitude_key=amplitude_key or "",
    )


def check_timeout(timeout: float) -> float:
    if not (timeout > 0 and math.isfinite(timeout)):
        raise OptionError(f"timeout: must be a number of seconds over zero, and is {timeout}")
    return timeout


def _is_on(text: str, default: bool) -> bool:
    if text not in ("", "on", "off"):
        raise OptionError(f'MUTEXGROUPS_TLS: must be on or off, and is "{text}"')
    return text == "on" if text else default


def _check_amplitude_key(key: str, protected: bool) -> None:
    # The key itself is never part of a message.
    if not key or not all("!" <= character <= "~" for character in key):
        raise OptionError(
            "amplitude_key: must be a management key, of printable ASCII characters without spaces;"
            " is there a line break at its end?"
        )
    if not protected:
        raise OptionError(
            "amplitude_key: would cross the network in plain text; turn on TLS (tls or"
            " MUTEXGROUPS_TLS), or connect to a unix socket or the loopback"
        )
