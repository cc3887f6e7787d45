"""Ordered Neurons: an LSTM whose units forget in an order."""

from torch import Tensor

from holdfast.cells.cell import AffineCell, positive
from holdfast.cells.gates import Cumax

cumax = Cumax()


class ONLSTM(AffineCell):
    """An LSTM in which two master gates split the units into those kept, those overwritten and an overlap.

        F = cumax(master forget block)        I = 1 - cumax(master input block)        w = F I
        f^ = sigmoid(f) w + (F - w)           i^ = sigmoid(i) w + (I - w)
        c_t = f^ c_{t-1} + i^ tanh(g)
        h_t = sigmoid(o) tanh(c_t)

    A master gate has H / C entries, each of which acts on C consecutive units.

    Args:
        input_size: features of x_t.
        hidden_size: units H.
        chunk_size: C, units to one entry of a master gate; divides `hidden_size`. The paper's language model has 10.

    Shapes: with K = 2 H/C + 4 H rows: weight_ih (K, I), weight_hh (K, H), bias (K,).

    Source: shen2019ordered. The authors' code has a bias in both products and drop-connect on weight_hh.

    Published: a perplexity of 56.17 on words of the Penn Treebank with three layers, and an unlabelled F1 of 47.7 for
    the parse trees that its master gates give. From the readme of the authors' code.

    Raises:
        ValueError: `chunk_size` does not divide `hidden_size`.
    """

    def __init__(self, input_size: int, hidden_size: int, *, chunk_size: int = 1, device=None, dtype=None):
        if hidden_size % positive("chunk_size", chunk_size):
            raise ValueError(f"chunk_size must divide hidden_size {hidden_size}, got {chunk_size}")
        levels = hidden_size // chunk_size
        super().__init__(
            input_size,
            hidden_size,
            state_sizes={"h": hidden_size, "c": hidden_size},
            blocks={
                "master_forget": levels,
                "master_input": levels,
                "input": hidden_size,
                "forget": hidden_size,
                "candidate": hidden_size,
                "output": hidden_size,
            },
            device=device,
            dtype=dtype,
        )
        self.chunk_size = chunk_size
        self.reset_parameters()

    def step(self, p: Tensor, state):
        pre = p + self.recurrent(state.h)
        master_f, master_i, i, f, g, o = pre.split(list(self.block_sizes.values()), -1)
        keep = self.over_chunks(cumax(master_f))
        write = self.over_chunks(1 - cumax(master_i))
        overlap = keep * write
        f = f.sigmoid() * overlap + (keep - overlap)
        i = i.sigmoid() * overlap + (write - overlap)
        c = f * state.c + i * g.tanh()
        return o.sigmoid() * c.tanh(), c

    def over_chunks(self, master: Tensor) -> Tensor:
        """A master gate (B, H / C), each entry repeated for its C units: (B, H)."""
        return master.unsqueeze(-1).expand(*master.shape, self.chunk_size).flatten(-2)

    def choices(self) -> dict[str, object]:
        return {"chunk_size": self.chunk_size}
