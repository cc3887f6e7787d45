"""Drop-in replacements for `torch.nn.LSTM`, `GRU` and `RNN`."""

import re
from collections.abc import Callable
from functools import partial
from typing import Any

from torch import Tensor

from holdfast import cells
from holdfast.cells.rnn import Nonlinearity
from holdfast.layers.recurrent import Recurrent
from holdfast.layers.torch_layout import from_torch, to_torch

OUR_KEY = re.compile(r"cells\.\d+\.\w+")
"""A parameter of a cell; those of a parametrization within it have longer names, and keep them."""


class DropIn(Recurrent):
    """A layer that `torch.nn` has too: `state_dict` is in torch's layout, so checkpoints go both ways.

    Torch keeps two biases that are only ever added; here they are one parameter. Saved, it stands as `bias_ih` beside
    a `bias_hh` of zeros; loaded, the two are summed.
    """

    def __init__(
        self,
        cell: Callable[..., cells.Cell],
        sizes: tuple[int, int],
        num_layers: int,
        bias: bool,
        batch_first: bool,
        dropout: float,
        bidirectional: bool,
        **options: Any,
    ):
        if options.pop("proj_size", 0):  # torch's GRU and RNN take the argument too, to refuse it
            raise ValueError(f"proj_size is for LSTM; {type(self).__name__} has no projection, leave it out")
        stack = {"num_layers": num_layers, "dropout": dropout, "bidirectional": bidirectional}
        super().__init__(partial(cell, bias=bias), *sizes, batch_first=batch_first, **stack, **options)
        self.bias = bias
        self.register_state_dict_post_hook(save_as_torch)
        self.register_load_state_dict_pre_hook(load_from_torch)

    def flatten_parameters(self) -> None:
        """Nothing to do here; code written for `torch.nn` calls it."""


def save_as_torch(layer: Any, state: dict[str, Tensor], prefix: str, _metadata: Any) -> None:
    """Rename a drop-in's entries of `state`, in place, as torch names them."""
    ours = {key: key.removeprefix(prefix) for key in state if key.startswith(prefix)}
    named = {name: state.pop(key) for key, name in ours.items() if OUR_KEY.fullmatch(name)}
    state.update({prefix + name: value for name, value in to_torch(named, layer.directions).items()})


def load_from_torch(
    layer: Any, state: dict[str, Tensor], prefix: str, _metadata: Any, _strict: bool, missing: list[str], *_unused: Any
) -> None:
    """The inverse of `save_as_torch`. What is missing, or too much, is told by torch's names."""
    parameters = layer.cells.named_parameters(prefix="cells")
    own = {name: p.detach() for name, p in parameters if OUR_KEY.fullmatch(name) and prefix + name not in state}
    expected = to_torch(own, layer.directions)
    missing += [prefix + name for name in expected if prefix + name not in state]
    values = {name: state.pop(prefix + name, value) for name, value in expected.items()}
    renamed = from_torch(values, len(layer.cells), layer.directions, gru=isinstance(layer, GRU))
    state.update({prefix + key: value for key, value in renamed.items()})


class LSTM(DropIn):
    """Long short-term memory with the interface and the numbers of `torch.nn.LSTM`.

    Args:
        input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, proj_size: as in
            `torch.nn.LSTM`, in the same order.
        options: `backend`, `recompute`, `initialiser`, `generator`, `device`, `dtype` of `Recurrent`.

    Source: hochreiter1997long, gers2000learning.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        **options: Any,
    ):
        cell = partial(cells.LSTM, proj_size=proj_size)
        sizes = (input_size, hidden_size)
        super().__init__(cell, sizes, num_layers, bias, batch_first, dropout, bidirectional, **options)
        self.proj_size = proj_size


class GRU(DropIn):
    """Gated recurrent unit with the interface and the numbers of `torch.nn.GRU`.

    Args:
        input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional: as in `torch.nn.GRU`, in the
            same order.
        options: `backend`, `recompute`, `initialiser`, `generator`, `device`, `dtype` of `Recurrent`.

    Source: cho2014learning.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        **options: Any,
    ):
        sizes = (input_size, hidden_size)
        super().__init__(cells.GRU, sizes, num_layers, bias, batch_first, dropout, bidirectional, **options)


class RNN(DropIn):
    """Elman's network with the interface and the numbers of `torch.nn.RNN`.

    Args:
        input_size, hidden_size, num_layers, nonlinearity, bias, batch_first, dropout, bidirectional: as in
            `torch.nn.RNN`, in the same order.
        options: `backend`, `recompute`, `initialiser`, `generator`, `device`, `dtype` of `Recurrent`.

    Source: elman1990finding.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: Nonlinearity = "tanh",
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        **options: Any,
    ):
        cell = partial(cells.RNN, nonlinearity=nonlinearity)
        sizes = (input_size, hidden_size)
        super().__init__(cell, sizes, num_layers, bias, batch_first, dropout, bidirectional, **options)
        self.nonlinearity = nonlinearity
