"""A run that meets a NaN or an infinity stops, and says where it came from."""

import math

import torch
from torch import Tensor, nn


class DivergenceError(ArithmeticError):
    """A number that is not finite, with the step and the place where it was first seen."""


def require_finite(step: int, *, inputs: Tensor, loss: float, gradient_norm: float, model: nn.Module) -> None:
    """Lets an update pass only if its loss and gradient are finite; then no parameter has yet been spoilt by it.

    Raises:
        DivergenceError: they are not.
    """
    if math.isfinite(loss) and math.isfinite(gradient_norm):
        return
    raise DivergenceError(f"step {step}: {_origin(inputs, loss, model)}")


def require_finite_parameters(step: int, model: nn.Module) -> None:
    """Lets a checkpoint be written only if it is worth resuming from.

    Raises:
        DivergenceError: a parameter is not finite.
    """
    broken = _broken_parameter(model)
    if broken is not None:
        raise DivergenceError(f"step {step}: {broken}")


def require_finite_measures(step: int, measures: dict[str, float]) -> None:
    """Lets an evaluation stand only if it says something.

    Raises:
        DivergenceError: a measure is not finite.
    """
    for name, value in measures.items():
        if not math.isfinite(value):
            raise DivergenceError(
                f"step {step}: the validation {name} is {value}, though all parameters are finite; "
                f"a validation input or the forward pass overflowed. {_REMEDY}"
            )


def _origin(inputs: Tensor, loss: float, model: nn.Module) -> str:
    """The first link of the chain input, parameters, loss, gradient that is broken."""
    if not inputs.isfinite().all():
        count = int((~inputs.isfinite()).sum())
        return f"the input holds {_kind(inputs)} ({count} of {inputs.numel()} numbers); mend the data"
    parameter = _broken_parameter(model)
    if parameter is not None:
        return parameter
    if not math.isfinite(loss):
        return f"the loss is {loss}, though input and parameters are finite; the forward pass overflowed. {_REMEDY}"
    for name, parameter in model.named_parameters():
        if parameter.grad is not None and not parameter.grad.isfinite().all():
            return f"the gradient of {name} holds {_kind(parameter.grad)}, though the loss is {loss:.4g}. {_REMEDY}"
    return f"the norm of the gradient overflowed, though each of its numbers is finite. {_REMEDY}"


_REMEDY = "Lower training.learning_rate, or set a lower training.clip_norm"


def _broken_parameter(model: nn.Module) -> str | None:
    for name, parameter in model.named_parameters():
        if not parameter.isfinite().all():
            return f"the parameter {name} holds {_kind(parameter)}. {_REMEDY}"
    return None


def _kind(values: Tensor) -> str:
    return "nan" if torch.isnan(values).any() else "inf"
