"""mutexd among faults of the network and of its neighbours; scripts/faults runs it."""

import gateway  # noqa: F401  # makes the API's modules, which all others import
