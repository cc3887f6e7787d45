"""The names and the two biases under which `torch.nn` keeps the parameters of its recurrent layers."""

from collections.abc import Mapping

import torch
from torch import Tensor

from holdfast.backends.native import torch_biases


def to_torch(state: Mapping[str, Tensor], directions: int) -> dict[str, Tensor]:
    """From `cells.<k>.<name>` to `<name>_l<layer>[_reverse]`; a bias becomes `bias_ih`, beside a `bias_hh` of zeros."""
    by_cell: dict[int, dict[str, Tensor]] = {}
    for key, value in state.items():
        _, k, name = key.split(".", 2)
        by_cell.setdefault(int(k), {})[name] = value
    renamed = {}
    for k, parameters in by_cell.items():
        weights = {name: value for name, value in parameters.items() if not name.startswith("bias")}
        biases = dict(zip(("bias_ih", "bias_hh"), torch_biases(parameters), strict=False))
        renamed |= {name + suffix(k, directions): value for name, value in (weights | biases).items()}
    return renamed


def from_torch(state: Mapping[str, Tensor], cells: int, directions: int, *, gru: bool) -> dict[str, Tensor]:
    """The inverse of `to_torch`: the two biases are summed, but for the GRU's one inside its reset gate."""
    renamed = {}
    for k in range(cells):
        end = suffix(k, directions)
        own = {key.removesuffix(end): value for key, value in state.items() if key.endswith(end)}
        if {"bias_ih", "bias_hh"} <= own.keys():
            bias_ih, bias_hh = own.pop("bias_ih"), own.pop("bias_hh")
            own["bias"] = bias_ih + bias_hh
            if gru:
                summed = 2 * len(bias_ih) // 3
                own["bias"] = torch.cat([own["bias"][:summed], bias_ih[summed:]])
                own["bias_hh_candidate"] = bias_hh[summed:]
        renamed |= {f"cells.{k}.{name}": value for name, value in own.items()}
    return renamed


def suffix(k: int, directions: int) -> str:
    """What torch appends to the names of the parameters of cell `k`."""
    return f"_l{k // directions}" + ("_reverse" if k % directions else "")
