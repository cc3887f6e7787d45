"""Inference that computes the open units of time-gated layers, and hardly any others."""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from holdfast.backends.open_units import can_run, run_open_units
from holdfast.cells import PeepholeLSTM, TimedLSTM
from holdfast.cells.timed import lstm_step
from holdfast.layers.drop_in import LSTM
from holdfast.layers.recurrent import Recurrent

STRETCH = 16
"""Steps for which rows are gathered at once: gathering costs about as much as a few steps."""


@torch.no_grad()
def run_open(layer: Recurrent, x: Tensor, *, threshold: float) -> tuple[Tensor, tuple[Tensor, ...]]:
    """A layer's outputs and last states where a gate below `threshold` counts as closed.

        k(t) < threshold:    c_t = c_{t-1} and h_t = h_{t-1}, bit for bit, and the unit's rows of W are not computed

    Where a C++ compiler is installed a kernel computes at each step the units that are open at it. Elsewhere rows are
    gathered for `STRETCH` steps at a time, of the units that are open at any of them; so a unit that opens or closes
    within a stretch is computed over the whole of it, and kept as it is by a gate of 0 where it is closed.

    Args:
        layer: of time-gated cells, in one direction.
        x: (T, B, I); with time stamps, the same ones for all rows.
        threshold: below which a gate is closed, at least 0; with 0 none is.

    Returns:
        output (T, B, H), and the parts h and c of the state, (layers, B, H).

    Raises:
        ValueError: another kind of layer, rows with time stamps of their own, or a threshold below 0.
    """
    ends = []
    for cell, k in gates(layer, x, threshold):
        shared = x[..., x.shape[-1] - cell.shared_features :]
        features = x[..., : x.shape[-1] - cell.shared_features]
        output, end = run_cell(cell, features, k)
        x = torch.cat([output, shared], -1) if cell.shared_features else output
        ends.append(end)
    return x[..., : layer.output_size], tuple(torch.stack(part) for part in zip(*ends, strict=True))


def gates(layer: Recurrent, x: Tensor, threshold: float) -> Iterator[tuple[TimedLSTM, Tensor]]:
    """Every cell with its gates (T, H), zero where they are closed."""
    if layer.bidirectional or layer.batch_first or threshold < 0:
        raise ValueError("expected a layer in one direction, time first, and a threshold of at least 0")
    for cell in layer.cells:
        if not isinstance(cell, TimedLSTM):
            raise ValueError(f"closed units are known of time-gated cells, not of {type(cell).__name__}")
        k = cell.openness(times_of(cell, x))
        yield cell, torch.where(k >= threshold, k, 0) if threshold else k.clamp(min=torch.finfo(k.dtype).tiny)


def times_of(cell: TimedLSTM, x: Tensor) -> Tensor:
    """(T, 1): the time of every step."""
    if cell.clock == "steps":
        return torch.arange(1, len(x) + 1, device=x.device).unsqueeze(1).to(x.dtype)
    if not bool((x[:, :, -1] == x[:, :1, -1]).all()):
        raise ValueError("open units are computed for rows that share their time stamps; run others one by one")
    return x[:, 0, -1:]


def run_cell(cell: TimedLSTM, x: Tensor, k: Tensor) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    """x (T, B, I) and gates (T, H) to outputs and the last h and c."""
    h, c = (x.new_zeros(x.shape[1], cell.hidden_size) for _ in range(2))
    if can_run(x):
        weights = {"weight_ih": cell.weight_ih, "weight_hh": cell.weight_hh, "bias": cell.bias}
        peepholes = torch.stack(cell.peephole_vectors()) if cell.peepholes else None
        return run_open_units(x, k, h, c, **weights, peepholes=peepholes), (h, c)
    output = x.new_empty(len(x), *h.shape)
    for first in range(0, len(x), STRETCH):
        last = min(first + STRETCH, len(x))
        units = (k[first:last] > 0).any(0).nonzero().flatten()
        if not len(units):
            output[first:last] = h
            continue
        run_units(cell, units, x[first:last], k[first:last, units], h, c, output[first:last])
    return output, (h, c)


def run_units(cell: TimedLSTM, units: Tensor, x: Tensor, k: Tensor, h: Tensor, c: Tensor, output: Tensor) -> None:
    """Some steps of some units; h and c are written in place. What the others have to say stays the same meanwhile."""
    rows = torch.cat([units + block * cell.hidden_size for block in range(4)])
    weight_hh = cell.weight_hh[rows]
    among_themselves, others = weight_hh[:, units], h.index_fill(1, units, 0)
    p = F.linear(x, cell.weight_ih[rows], None if cell.bias is None else cell.bias[rows])
    p = p + F.linear(others, weight_hh)
    peepholes = [peephole[units] for peephole in cell.peephole_vectors()]
    own_h, own_c, outputs = h[:, units], c[:, units], []
    for t, own in enumerate(k):
        pre = (p[t] + F.linear(own_h, among_themselves)).chunk(4, -1)
        new_h, new_c = lstm_step(pre, own_c, peepholes)
        own_h, own_c = own * new_h + (1 - own) * own_h, own * new_c + (1 - own) * own_c
        outputs.append(own_h)
    output[:] = h
    output[..., units] = torch.stack(outputs)
    h[:, units], c[:, units] = own_h, own_c


@torch.no_grad()
def export_lstm(layer: Recurrent, *, steps: int, tolerance: float = 0.01) -> Recurrent:
    """The LSTM that a time-gated layer has become, once its gates are open over `steps` steps.

    Args:
        layer: of cells whose gates are all above 1 - tolerance; its clock counts steps.
        steps: length of the sequences.
        tolerance: how far from open a gate may be; the outputs are then as near.

    Returns:
        a layer with the same weights: `holdfast.LSTM`, which exchanges them with `torch.nn.LSTM`, or, with peepholes, a
        `Recurrent` of `PeepholeLSTM`.

    Raises:
        ValueError: a gate is not open, or the layer has no time gates that count steps.
    """
    time = torch.arange(1, steps + 1).unsqueeze(1)
    for cell in layer.cells:
        if not isinstance(cell, TimedLSTM) or cell.clock != "steps":
            raise ValueError("only layers of time-gated cells with clock='steps' can become an LSTM")
        least = float(cell.openness(time.to(cell.weight_hh)).min())
        if least <= 1 - tolerance:
            raise ValueError(
                f"the gates are not open: one is at {least:.3g} within {steps} steps, expected above {1 - tolerance}; "
                "widen them first, as the temporal curriculum does"
            )
    first = layer.cells[0]
    assert isinstance(first, TimedLSTM)
    own = {"num_layers": layer.num_layers, "bidirectional": layer.bidirectional, "batch_first": layer.batch_first}
    own |= {"dropout": layer.dropout, "backend": layer.backend, "recompute": layer.recompute}
    own |= {"device": first.weight_hh.device, "dtype": first.weight_hh.dtype}
    sizes = layer.input_size, layer.hidden_size
    plain = Recurrent(PeepholeLSTM, *sizes, **own) if first.peepholes else LSTM(*sizes, **own)
    for cell, made in zip(layer.cells, plain.cells, strict=True):
        weights = cell.state_dict()
        made.load_state_dict({name: weights[name] for name in made.state_dict()})
    return plain
