"""Addresses of the service, as users write them: `host:port`, `[::1]:50051`,
`unix:/run/mutexd.sock`."""

from __future__ import annotations

import ipaddress

DEFAULT_SERVER = "127.0.0.1:50051"

_FORMS = "write host:port such as 127.0.0.1:50051, [::1]:50051, or unix:/run/mutexd.sock"
_SCHEMES_OF_GRPC = ("dns:", "ipv4:", "ipv6:", "unix-abstract:")


def address_problem(address: str) -> str | None:
    """What is wrong with the address and how to mend it; nothing where it can be dialled."""
    what = _problem(address)
    return what and f'"{address}" is not an address: {what}; {_FORMS}'


def _problem(address: str) -> str | None:
    if not address:
        return "it is empty"
    if address.startswith("unix:"):
        return "the path is missing" if address in ("unix:", "unix://") else None
    if "://" in address and not address.startswith("dns://"):
        return "it is a URL"
    if address.startswith(_SCHEMES_OF_GRPC):
        return None
    host, colon, port = address.rpartition(":")
    if not colon or address.endswith("]"):
        return "the port is missing"
    if not (port.isascii() and port.isdecimal() and 1 <= int(port) <= 65535):
        return "the port is not a number from 1 to 65535"
    if not host:
        return "the host is missing"
    if ":" in host and not (host.startswith("[") and host.endswith("]")):
        return "an IPv6 address needs brackets"
    return None


def is_local(address: str) -> bool:
    """Whether what is sent there stays on this machine."""
    if address.startswith(("unix:", "unix-abstract:")):
        return True
    for scheme in ("dns:///", "dns:", "ipv4:", "ipv6:"):
        if address.startswith(scheme):
            address = address[len(scheme) :]
            break
    host = address[1:].partition("]")[0] if address[:1] == "[" else address.rpartition(":")[0]
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False  # a name, which may be anybody's, such as 127.example.com
