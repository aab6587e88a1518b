"""How the connection is set up: the same for the synchronous and the asynchronous client."""

from __future__ import annotations

import functools
import json
from importlib import resources
from typing import Any

from mutexgroups._address import is_local
from mutexgroups._version import __version__
from mutexgroups.options import Settings

# A service behind a load balancer or NAT that forgets idle connections is noticed within these.
_KEEPALIVE_TIME_MS = 60_000
_KEEPALIVE_TIMEOUT_MS = 20_000


@functools.cache
def published_service_config() -> str:
    """What mutexgroups publishes for its clients: reads are retried, writes never."""
    return (resources.files("mutexgroups") / "service_config.json").read_text(encoding="utf-8")


def service_config(server: str) -> str:
    """The published config for a channel to the server. Without its time-outs: gRPC would take the
    shorter of them and the call's, and cut off a caller who asked for longer. Every call has one of
    its own. And without round robin unless the server is given as a name (`dns:…`): that connects
    again and again, ever more seldom, while a server is away, and fails calls between two attempts,
    where a channel of one address is idle and connects when it is called."""
    config = json.loads(published_service_config())
    if not server.startswith("dns:"):
        config.pop("loadBalancingConfig", None)
    for method in config["methodConfig"]:
        method.pop("timeout", None)
    return json.dumps(config)


def channel_options(settings: Settings) -> list[tuple[str, Any]]:
    options: list[tuple[str, Any]] = [
        ("grpc.service_config", service_config(settings.server)),
        # A name server must not be able to replace the config.
        ("grpc.service_config_disable_resolution", 1),
        ("grpc.max_receive_message_length", settings.max_receive_bytes),
        ("grpc.keepalive_time_ms", _KEEPALIVE_TIME_MS),
        ("grpc.keepalive_timeout_ms", _KEEPALIVE_TIMEOUT_MS),
        ("grpc.primary_user_agent", f"mutexgroups-python/{__version__}"),
    ]
    if settings.credentials and settings.tls_server_name:
        options.append(("grpc.ssl_target_name_override", settings.tls_server_name))
    if is_local(settings.server):
        # gRPC would send even loopback traffic through the proxy that the environment names.
        options.append(("grpc.enable_http_proxy", 0))
    return options
