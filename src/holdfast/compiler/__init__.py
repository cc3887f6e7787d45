"""From a step in plain PyTorch to C++ source. The stages, in the order in which they run:

trace       `step` and its vector-Jacobian product as one graph of aten operations
verify      no two rows of the batch meet, every operation is known; or a `Refusal` that says why not
lower       aten operations on batches to values of one row (`ir`)
partition   prologue (parameters only), forward, backward, epilogue (gradients of parameters)
keep        what the forward pass keeps for the backward pass
schedule    in which order, which loops are fused, what is written to memory
emit        the text, with the words of `targets/cpp.py` and the runtime `targets/runtime.hpp`
program     all of them, one after the other

What is done in torch around a kernel is a `recipe`; `stored` turns a program into plain data and back, and
`fingerprint` tells, without a trace, whether a cell is one that was compiled before.
"""

from holdfast.compiler import sources  # noqa: F401  (first: it notes which version of the others is imported)
from holdfast.compiler.program import Program, compile_cell
from holdfast.compiler.refusal import Refusal

__all__ = ["Program", "Refusal", "compile_cell"]
