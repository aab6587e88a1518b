"""The side-by-side benchmark of the gateway; scripts/bench runs it."""
