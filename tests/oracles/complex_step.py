"""Exact derivatives without automatic differentiation: for an analytic f, f'(x) = Im f(x + i h) / h.

Nothing is subtracted, so h may be as small as 1e-30 and the error is that of rounding alone. All the entries of an
array are perturbed at once: they lie along one more axis, in front of the batch.
"""

from dataclasses import dataclass

import numpy as np

STEP = 1e-30


@dataclass(frozen=True)
class Functional:
    """A linear functional of all that an unroll gives: one weight for every output and every final state.

    Args:
        outputs: weights of the outputs, (T, B, H).
        final_state: weights of the final states, (B, size) each.
    """

    outputs: np.ndarray
    final_state: tuple[np.ndarray, ...]

    @classmethod
    def like(cls, outputs, final_state, generator):
        """Random weights for an unroll that gave `outputs` and `final_state`."""
        weights = [generator.normal(size=np.shape(array)) for array in (outputs, *final_state)]
        return cls(weights[0], tuple(weights[1:]))

    def __call__(self, outputs, final_state):
        """The weighted sum; one for each perturbation where the arrays carry that axis."""
        value = np.einsum("t...bh,tbh->...", outputs, self.outputs)
        for state, weights in zip(final_state, self.final_state, strict=True):
            value = value + np.einsum("...bh,bh->...", state, weights)
        return value


@dataclass(frozen=True)
class Gradient:
    """The derivatives of a functional with respect to all that an unroll takes, in the same shapes."""

    parameters: dict[str, np.ndarray]
    inputs: np.ndarray
    initial_state: tuple[np.ndarray, ...]


def derivative(function, array):
    """The gradient at `array` of a function that takes a stack of arrays to a vector of values."""
    perturbations = np.eye(array.size).reshape(array.size, *array.shape)
    return function(array + 1j * STEP * perturbations).imag.reshape(array.shape) / STEP


def value_and_gradient(oracle, parameters, inputs, initial_state, functional):
    """The functional of the oracle's unroll, and its gradient with respect to parameters, inputs and initial states."""

    def evaluate(count, changed_parameters, inputs, initial_state):
        state = tuple(np.broadcast_to(array, (count, *array.shape[-2:])) for array in initial_state)
        return functional(*oracle.unroll(parameters | changed_parameters, inputs, state))

    def by_parameter(name):
        def function(stack):
            rows = stack[:, None, :] if stack.ndim == 2 else stack
            return evaluate(len(stack), {name: rows}, inputs, initial_state)

        return derivative(function, parameters[name])

    def by_inputs(stack):
        return evaluate(len(stack), {}, np.moveaxis(stack, 0, 1), initial_state)

    def by_state(position):
        def function(stack):
            state = (*initial_state[:position], stack, *initial_state[position + 1 :])
            return evaluate(len(stack), {}, inputs, state)

        return derivative(function, initial_state[position])

    gradient = Gradient(
        parameters={name: by_parameter(name) for name in parameters},
        inputs=derivative(by_inputs, inputs),
        initial_state=tuple(by_state(position) for position in range(len(initial_state))),
    )
    return float(functional(*oracle.unroll(parameters, inputs, initial_state))), gradient
