"""A model whose time gates have all opened, as the model that it has become: one with an LSTM."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from holdfast.cells import TimedLSTM
from holdfast.layers import CATALOGUE, Recurrent
from holdfast.layers.open_units import export_lstm
from holdfast.models import Blueprint, Model, SequenceModel


def as_lstm(model: Model, blueprint: Blueprint, *, steps: int) -> tuple[SequenceModel, Blueprint]:
    """The same network with a plain LSTM in the place of its time-gated layer, once no gate closes any more.

        k(t) near 1 for every unit and t = 1 .. steps, so that h_t and c_t are those of an LSTM, as nearly

    Args:
        model: as the blueprint builds it, its layer of cells such as `GaussianLSTM`.
        blueprint: what it is.
        steps: of the longest sequence.

    Returns:
        a model of `lstm`, or of `peephole-lstm` if the gates see the memory, and its blueprint.

    Raises:
        ValueError: a gate is not open, or the model has no time gates that count steps.
    """
    layer = getattr(model, "layer", None)
    if not isinstance(model, SequenceModel) or not isinstance(layer, Recurrent):
        raise ValueError(f"{blueprint.name} has no time gates: only a layer such as gaussian-lstm can become an LSTM")
    plain = export_lstm(layer, steps=steps)
    gated = layer.cells[0]
    name = "peephole-lstm" if isinstance(gated, TimedLSTM) and gated.peepholes else "lstm"
    known = CATALOGUE[name].options()
    options = {option: value for option, value in blueprint.options.items() if option in known}
    become = replace(blueprint, name=name, options=options)
    made = become.build()
    assert isinstance(made, SequenceModel)
    made.load_state_dict({**_without_layer(model.state_dict()), **_prefixed(plain.state_dict())})
    return made.train(model.training), become


def _without_layer(weights: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in weights.items() if not name.startswith("layer.")}


def _prefixed(weights: Mapping[str, Any]) -> dict[str, Any]:
    return {f"layer.{name}": value for name, value in weights.items()}
