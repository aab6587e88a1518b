"""A client of mutexd, the gRPC service for the mutual-exclusion groups of Amplitude Experiment."""

from mutexgroups._version import __version__
from mutexgroups.aio import AsyncClient
from mutexgroups.client import Client
from mutexgroups.errors import (
    FieldViolation,
    MutexGroupsError,
    OptionError,
    QuotaViolation,
    Resource,
)
from mutexgroups.options import ClientOptions
from mutexgroups.v1 import ErrorReason, EvaluationMode, MutexGroup, MutexGroupFilter, Slot

__all__ = [
    "AsyncClient",
    "Client",
    "ClientOptions",
    "ErrorReason",
    "EvaluationMode",
    "FieldViolation",
    "MutexGroup",
    "MutexGroupFilter",
    "MutexGroupsError",
    "OptionError",
    "QuotaViolation",
    "Resource",
    "Slot",
    "__version__",
]
