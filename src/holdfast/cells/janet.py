"""JANET: an LSTM that is only a forget gate."""

from torch import Tensor

from holdfast.cells.cell import AffineCell


class JANET(AffineCell):
    """Just another network: the memory is the output, and one pre-activation both keeps and writes.

        s = W_f x_t + b_f + U_f h_{t-1}
        h_t = sigmoid(s) h_{t-1} + (1 - sigmoid(s - beta)) tanh(W_n x_t + b_n + U_n h_{t-1})

    Args:
        input_size: features of x_t.
        hidden_size: units H.
        beta: how much more is written than forgotten; 1 in the paper, 0 in the comparison of chandar2019towards.

    Shapes: weight_ih (2H, I), weight_hh (2H, H), bias (2H,).

    Source: vanderwesthuizen2018unreasonable.
    """

    def __init__(self, input_size: int, hidden_size: int, *, beta: float = 1.0, device=None, dtype=None):
        super().__init__(input_size, hidden_size, blocks=("forget", "candidate"), device=device, dtype=dtype)
        self.beta = beta
        self.reset_parameters()

    def step(self, p: Tensor, state):
        s, n = (p + self.recurrent(state.h)).chunk(2, -1)
        return s.sigmoid() * state.h + (self.beta - s).sigmoid() * n.tanh()

    def choices(self) -> dict[str, object]:
        return {"beta": self.beta}
