"""The optimisers of the papers, by their settings."""

from collections.abc import Iterable
from typing import Any

from torch import nn
from torch.optim import Adam, AdamW, Optimizer, RMSprop

from holdfast.training.settings import TrainingSettings


def parameter_groups(model: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """The parameters of a model: those that decay, and those that do not.

    Vectors (biases, gains of normalisations) take no decay, nor does what a module names in its attribute `undecayed`:
    own parameters for which zero is no neutral value, such as the coefficients of a learnt gate.
    """
    if not weight_decay:
        return [{"params": list(model.parameters())}]
    kept = {id(module.get_parameter(name)) for module in model.modules() for name in getattr(module, "undecayed", ())}
    decayed = [p for p in model.parameters() if p.dim() > 1 and id(p) not in kept]
    chosen = set(map(id, decayed))
    others = [p for p in model.parameters() if id(p) not in chosen]
    groups = [{"params": decayed, "weight_decay": weight_decay}, {"params": others, "weight_decay": 0.0}]
    return [group for group in groups if group["params"]]


def make_optimiser(
    parameters: Iterable[nn.Parameter] | Iterable[dict[str, Any]], settings: TrainingSettings
) -> Optimizer:
    """Adam, AdamW, AMSGrad or RMSprop, over parameters or groups of them."""
    groups: Any = list(parameters)
    if settings.optimiser == "rmsprop":
        alpha = 0.99 if settings.alpha is None else settings.alpha
        return RMSprop(groups, lr=settings.learning_rate, alpha=alpha)
    if settings.optimiser == "adamw":
        return AdamW(groups, lr=settings.learning_rate, weight_decay=settings.weight_decay)
    return Adam(groups, lr=settings.learning_rate, amsgrad=settings.optimiser == "amsgrad")


def set_learning_rate(optimiser: Optimizer, rate: float) -> None:
    """The rate of the next update."""
    for group in optimiser.param_groups:
        group["lr"] = rate
