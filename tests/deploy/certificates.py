"""Certificates made for a test, by openssl."""

from __future__ import annotations

import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Certificate:
    certificate: Path
    key: Path

    @property
    def der(self) -> bytes:
        return ssl.PEM_cert_to_DER_cert(self.certificate.read_text())


class Authority:
    """A certificate authority in a folder."""

    def __init__(self, folder: Path, name: str):
        self._folder = folder
        self._name = name
        self.own = self._paths(name)
        openssl(
            *("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"),
            *("-subj", f"/CN={name}", "-days", "2"),
            *("-keyout", self.own.key, "-out", self.own.certificate),
        )

    def issue(self, name: str, alternative: str) -> Certificate:
        """A certificate for `alternative`, such as DNS:localhost."""
        made = self._paths(f"{self._name}-{name}")
        openssl(
            *("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-x509"),
            *("-subj", f"/CN={name}", "-addext", f"subjectAltName={alternative}", "-days", "2"),
            *("-addext", "basicConstraints=critical,CA:FALSE"),
            *("-CA", self.own.certificate, "-CAkey", self.own.key),
            *("-keyout", made.key, "-out", made.certificate),
        )
        return made

    def _paths(self, name: str) -> Certificate:
        return Certificate(self._folder / f"{name}.crt", self._folder / f"{name}.key")


def openssl(*arguments: object) -> None:
    outcome = subprocess.run(
        ["openssl", *map(str, arguments)], capture_output=True, text=True, timeout=60
    )
    assert outcome.returncode == 0, outcome.stderr
