"""How an unroll runs: the reference, torch's own kernels, generated kernels, scans, folds, and the choice."""

from holdfast.backends.backend import Backend, Recompute, Work
from holdfast.backends.choose import BackendName, Choice, check_backend, choose
from holdfast.backends.compiled import Compiled
from holdfast.backends.folded import Folded
from holdfast.backends.native import Native
from holdfast.backends.reference import Reference
from holdfast.backends.scan import Scan

ALL = (Reference, Scan, Native, Compiled, Folded)

__all__ = [
    "ALL",
    "Backend",
    "BackendName",
    "Choice",
    "Compiled",
    "Folded",
    "Native",
    "Recompute",
    "Reference",
    "Scan",
    "Work",
    "check_backend",
    "choose",
]
