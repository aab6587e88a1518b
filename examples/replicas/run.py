#!/usr/bin/env python3
"""Restarts two replicas while threads read and write by one client; counts what failed."""

from __future__ import annotations

import itertools
import sys

import mutexgroups

from rolling_restart import Callers, replicas_behind_a_name, restart_one_by_one

THREADS = 8


def main() -> int:
    names = [f"thread-{number}" for number in range(THREADS)]
    turns = itertools.count()
    with replicas_behind_a_name() as (replicas, target), mutexgroups.Client(target) as client:

        def call(name: str) -> str | None:
            try:
                if next(turns) % 4:
                    client.get(mutex_group_id="1002", correlation_id=name)
                else:
                    client.update_slot(
                        mutex_group_id="1002",
                        slot_index=2,
                        slot=mutexgroups.Slot(experiment_ids=[203, 205]),
                        update_mask=["experiment_ids"],
                        correlation_id=name,
                    )
            except mutexgroups.MutexGroupsError as error:
                return f"{error.code.name} {error.message}"
            return None

        print(f"calling {target}")
        with Callers(names, call) as callers:
            restart_one_by_one(replicas, set(names))
    print(f"{callers.made} calls, {len(callers.failures)} failed")
    for failure in callers.failures:
        print(failure, file=sys.stderr)
    return 1 if callers.failures else 0


if __name__ == "__main__":
    sys.exit(main())
