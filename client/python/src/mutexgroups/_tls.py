"""Files of TLS, checked when they are read: gRPC would only say later that a handshake failed."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path

import grpc

from mutexgroups.errors import OptionError

# What names a file, an option or a variable, and its path; an empty path where there is none.
NamedFile = tuple[str, str]


@dataclass(frozen=True)
class TlsFiles:
    ca: NamedFile
    cert: NamedFile
    key: NamedFile

    @property
    def any(self) -> bool:
        return any(path for _, path in (self.ca, self.cert, self.key))


def read_credentials(files: TlsFiles) -> grpc.ChannelCredentials:
    for (present, path), (absent, other) in ((files.cert, files.key), (files.key, files.cert)):
        if path and not other:
            raise OptionError(f"{present} is given and {absent} is not: give both, or neither")
    roots = _read(files.ca) or _system_roots()
    if files.ca[1]:
        _check_roots(files.ca, roots or b"")
    certificate, key = _read(files.cert), _read(files.key)
    if certificate is not None:
        _check_pair(files)
    return grpc.ssl_channel_credentials(roots, key, certificate)


def _read(file: NamedFile) -> bytes | None:
    name, path = file
    if not path:
        return None
    try:
        return Path(path).read_bytes()
    except OSError as error:
        why = error.strerror or str(error)
        raise OptionError(f"{name}: cannot read {path}: {why}; name a PEM file") from error


def _system_roots() -> bytes | None:
    """The system's, where they are in one file; gRPC's own otherwise."""
    bundle = ssl.get_default_verify_paths().cafile
    return Path(bundle).read_bytes() if bundle else None


def _check_roots(file: NamedFile, pem: bytes) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(cadata=pem.decode("ascii", "replace"))
    except (ssl.SSLError, ValueError) as error:
        name, path = file
        raise OptionError(f"{name}: {path} has no certificates in PEM") from error


def _check_pair(files: TlsFiles) -> None:
    def no_password() -> str:
        raise OptionError(
            f"{files.key[0]}: {files.key[1]} is encrypted; give a key without a password"
        )

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_cert_chain(files.cert[1], files.key[1], password=no_password)
    except (ssl.SSLError, OSError) as error:
        (cert, cert_path), (key, key_path) = files.cert, files.key
        raise OptionError(
            f"{cert}, {key}: {cert_path} and {key_path} are not a certificate and its key in PEM"
        ) from error
