"""Long expressive memory: two coupled states, each with a time step that it learns for every input."""

import torch.nn.functional as F
from torch import Tensor

from holdfast.cells.cell import AffineCell


class LEM(AffineCell):
    """A system of differential equations on many time scales: gates choose how far each unit moves at each step.

        S_y = dt sigmoid(W_1 x_t + b_1 + U_1 y_{t-1})              S_z = dt sigmoid(W_2 x_t + b_2 + U_2 y_{t-1})
        z_t = (1 - S_z) z_{t-1} + S_z tanh(W_z x_t + b_z + U_z y_{t-1})
        y_t = (1 - S_y) y_{t-1} + S_y tanh(W_y x_t + b_y + U_y z_t)

    The output is y. It has as many parameters as an LSTM.

    Args:
        input_size: features of x_t.
        hidden_size: units H.
        dt: longest step, above 0; states stay within [-1, 1] up to 1.

    The authors' dt: MNIST 0.21, permuted 0.31, padded CIFAR-10 0.44, adding 0.0242; 1 unless tuned.

    Shapes: weight_ih (4H, I), weight_hh (4H, H), bias (4H,), in the order of the equations: output_step, memory_step,
    memory, output. The last H rows of weight_hh, U_y, act on z_t and not on y_{t-1}.

    Initialisation: everything U(-1/sqrt(H), 1/sqrt(H)); the bias is the sum of two such draws, since the authors' code
    adds two.

    Source: rusch2022long.

    Raises:
        ValueError: dt is not above 0.
    """

    def __init__(self, input_size: int, hidden_size: int, *, dt: float = 1.0, device=None, dtype=None):
        super().__init__(
            input_size,
            hidden_size,
            state_sizes={"y": hidden_size, "z": hidden_size},
            blocks=("output_step", "memory_step", "memory", "output"),
            device=device,
            dtype=dtype,
        )
        if dt <= 0:
            raise ValueError(f"dt must be above 0, got {dt}")
        self.dt = float(dt)
        self.reset_parameters()

    def step(self, p: Tensor, state):
        u_y, u_z = self.weight_hh.split([3 * self.hidden_size, self.hidden_size])
        p_y, p_z = p.split([3 * self.hidden_size, self.hidden_size], -1)
        output_step, memory_step, memory = (p_y + F.linear(self.masked(state.y), u_y)).chunk(3, -1)
        z = state.z + self.dt * memory_step.sigmoid() * (memory.tanh() - state.z)
        output = p_z + F.linear(z, u_z)
        return state.y + self.dt * output_step.sigmoid() * (output.tanh() - state.y), z

    def choices(self) -> dict[str, object]:
        return {"dt": self.dt}
