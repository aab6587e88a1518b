"""Certificates for tests, made with openssl when a test runs."""

from __future__ import annotations

import os
import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Pair:
    certificate: Path
    key: Path

    @property
    def der(self) -> bytes:
        return ssl.PEM_cert_to_DER_cert(self.certificate.read_text())


def openssl(*arguments: str | Path) -> None:
    command = ["openssl", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, f"{command}: {done.stderr}"


class Authority:
    """A certificate authority that nobody trusts unless told to."""

    def __init__(self, folder: Path, name: str = "ca"):
        self._folder = folder
        self.certificate = folder / f"{name}.pem"
        self._key = folder / f"{name}.key"
        curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
        subject = ("-subj", f"/CN={name}", "-days", "2")
        out = ("-keyout", self._key, "-out", self.certificate)
        openssl("req", "-x509", *curve, *subject, *out)

    def issue(self, name: str, alternative_names: str = "", days: int = 2, subject="") -> Pair:
        """For alternative names as openssl writes them; negative days are over already."""
        pair = Pair(self._folder / f"{name}.pem", self._folder / f"{name}.key")
        request, extensions = self._folder / f"{name}.csr", self._folder / f"{name}.ext"
        extensions.write_text(f"subjectAltName={alternative_names}" if alternative_names else "")
        curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
        subject = subject or f"/CN={name}"
        openssl("req", *curve, "-subj", subject, "-keyout", pair.key, "-out", request)
        signer = ("-CA", self.certificate, "-CAkey", self._key, "-CAcreateserial")
        out = ("-extfile", extensions, "-out", pair.certificate)
        openssl("x509", "-req", "-in", request, *signer, "-days", str(days), *out)
        return pair


def install(pair: Pair, certificate: Path, key: Path) -> None:
    """Puts a pair in place as tools that renew certificates do: one file after the other."""
    for source, target in ((pair.key, key), (pair.certificate, certificate)):
        new = target.with_suffix(".new")
        new.write_bytes(source.read_bytes())
        os.replace(new, target)
