"""What a case says of Amplitude, done to the fake one."""

from __future__ import annotations

from typing import Any

import fake_amplitude
from fake_amplitude import FakeAmplitude, Fault


def fault_of(described: dict[str, Any]) -> Fault:
    """`reply: {status, json or text, headers}`, or one of `close`, `hang`, `close_after_apply`."""
    (kind,) = described
    if kind == "reply":
        answer = described["reply"]
        body = answer["json"] if "json" in answer else answer.get("text", "")
        return fake_amplitude.reply(answer.get("status", 200), body, answer.get("headers"))
    return {
        "close": fake_amplitude.close_connection,
        "hang": fake_amplitude.hang,
        "close_after_apply": lambda: fake_amplitude.applied_then(fake_amplitude.close_connection()),
    }[kind]()


def prepare(amplitude: FakeAmplitude, described: dict[str, Any]) -> None:
    """Members: `clear_faults` (of the steps before), `groups` (of the model), `many_groups` (how
    many more, each of how many individuals), `set` (the fake's options), `faults`."""
    if described.get("clear_faults"):
        amplitude.clear_faults()
    for name, value in described.get("set", {}).items():
        assert hasattr(amplitude, name), f"the fake has no option {name}"
        setattr(amplitude, name, set(value) if name == "further_keys" else value)
    for group in described.get("groups", ()):
        amplitude.add_group(**group)
    many = described.get("many_groups", {})
    for _ in range(many.get("count", 0)):
        individuals = [f"user-{n:06}-{'x' * 80}" for n in range(many.get("individuals", 0))]
        amplitude.add_group(slots=[{"percentage": 100, "individuals": individuals}])
    for fault in described.get("faults", ()):
        fault = dict(fault)
        route, times = fault.pop("route"), fault.pop("times", 1)
        amplitude.fault(route, fault_of(fault), times=float("inf") if times == "always" else times)
