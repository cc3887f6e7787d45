"""What an oracle is: the parameters of a cell, gate by gate, and one step of its paper's equations.

Shapes are spelt in letters, so that one table can be read, drawn at random and checked:
I inputs, H hidden units, P projected units, N chunks of master gates (H / C) or units of a head (H / K), K heads,
M memory, S = sqrt(K M) or half of a memory of pairs, C numbers in K matrices N x N, D bumps of a kernel activation,
Z = 2 H numbers of complex units, E = H (H - 1) / 2 pairs of units, R and F rotations in two layers of neighbours and in
those of a Fourier transform, Q = 4 H and L = Q + 1, T = 3 H, G inputs without a time stamp.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np

SMALL = {
    "I": 3,
    "H": 6,
    "P": 4,
    "N": 3,
    "K": 2,
    "M": 8,
    "S": 4,
    "C": 18,
    "D": 5,
    "Z": 12,
    "E": 15,
    "R": 5,
    "F": 7,
    "Q": 24,
    "L": 25,
    "T": 18,
    "G": 2,
    "1": 1,
}


@dataclass(frozen=True)
class Oracle:
    """One cell, written from the paper and differentiable by an imaginary step.

    Args:
        gates: the names of the pre-activation blocks; block g has, as a rule, W_g (H, I), U_g (H, H) and b_g (H,).
        states: the names of the states, in order, with their widths in letters; the first is the output.
        parameters: every parameter's name, with its shape in letters.
        step: `step(p, x, *states)` gives the next states; the parameters are the attributes of `p`.
    """

    gates: tuple[str, ...]
    states: Mapping[str, str]
    parameters: Mapping[str, str]
    step: Callable

    def unroll(self, parameters, inputs, initial_state):
        """Run the step over `inputs` (T, B, I) from `initial_state`; give the outputs (T, B, H) and the final states.

        Raises:
            ValueError: a parameter is missing, or one was given that the cell doesn't have.
        """
        if parameters.keys() != self.parameters.keys():
            missing = sorted(self.parameters.keys() - parameters.keys())
            unknown = sorted(parameters.keys() - self.parameters.keys())
            raise ValueError(f"the oracle misses {missing} and doesn't know {unknown}; see Oracle.parameters")
        p, state, outputs = SimpleNamespace(**parameters), tuple(initial_state), []
        for x in inputs:
            state = self.step(p, x, *state)
            outputs.append(state[0])
        return np.stack(outputs), state

    def draw(self, generator, *, steps=5, batch=2, sizes=SMALL):
        """Random parameters, inputs and initial states, large enough to bend every gate."""

        def normal(*shape):
            return generator.normal(size=shape)

        parameters = {name: normal(*(sizes[n] for n in shape)) / 2 for name, shape in self.parameters.items()}
        state = tuple(normal(batch, sizes[width]) for width in self.states.values())
        return parameters, normal(steps, batch, sizes["I"]), state


def blocks(*gates, rows="H", recurrent="H"):
    """The shapes of W_g, U_g and b_g for every gate g."""
    shapes = {}
    for gate in gates:
        shapes |= {f"W_{gate}": rows + "I", f"U_{gate}": rows + recurrent, f"b_{gate}": rows}
    return shapes
