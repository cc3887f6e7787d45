"""The optimisers of the papers, by their settings."""

from collections.abc import Iterable

from torch import nn
from torch.optim import Adam, Optimizer, RMSprop

from holdfast.training.settings import TrainingSettings


def make_optimiser(parameters: Iterable[nn.Parameter], settings: TrainingSettings) -> Optimizer:
    """Adam, AMSGrad or RMSprop, without weight decay."""
    if settings.optimiser == "rmsprop":
        alpha = 0.99 if settings.alpha is None else settings.alpha
        return RMSprop(parameters, lr=settings.learning_rate, alpha=alpha)
    return Adam(parameters, lr=settings.learning_rate, amsgrad=settings.optimiser == "amsgrad")


def set_learning_rate(optimiser: Optimizer, rate: float) -> None:
    """The rate of the next update."""
    for group in optimiser.param_groups:
        group["lr"] = rate
