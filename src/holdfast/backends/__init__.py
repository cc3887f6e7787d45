"""How an unroll runs: the reference, torch's own kernels, generated kernels, and the choice between them."""

from holdfast.backends.backend import Backend, Recompute, Work
from holdfast.backends.choose import BackendName, Choice, check_backend, choose
from holdfast.backends.compiled import Compiled
from holdfast.backends.native import Native
from holdfast.backends.reference import Reference
from holdfast.backends.scan import Scan

ALL = (Reference, Scan, Native, Compiled)

__all__ = [
    "ALL",
    "Backend",
    "BackendName",
    "Choice",
    "Compiled",
    "Native",
    "Recompute",
    "Reference",
    "Scan",
    "Work",
    "check_backend",
    "choose",
]
