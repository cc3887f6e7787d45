"""The unitary evolution network: a complex state that is turned and reflected, never scaled."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from holdfast.cells.cell import empty_parameter, fill, uniform_like
from holdfast.cells.derived import DerivedCell, as_real_pair, widened
from holdfast.cells.modrelu import complex_modrelu


class URNN(DerivedCell):
    """A recurrent matrix that is unitary by construction, of as many parameters as units, so gradients neither vanish
    nor explode but for the nonlinearity.

        W = D_3 R_2 F^-1 D_2 P R_1 F D_1
        z_t = W h_{t-1} + V x_t                                     complex
        h_t = z_t / |z_t| relu(|z_t| + b)                           modReLU
        D_k = diag(e^(i theta_k)),   R_k = 1 - 2 v_k v_k^* / ||v_k||^2
        F the unitary discrete Fourier transform,   P a permutation

    The state is [Re h; Im h], of 2 H numbers, and that is the output too. W is multiplied out once for each sequence:
    a step is one dense product with a matrix (2H, 2H), not the factors one by one.

    Args:
        input_size: features of x_t.
        hidden_size: complex units H.

    Shapes: weight_ih V (2H, I), real parts first; phases theta (3, H); reflections v (2, 2H), real parts first;
    bias_modulus b (H,); buffer permutation P (H,).

    Initialisation: V and v Glorot uniform, theta ~ U(-pi, pi), b ~ U(-0.01, 0.01), P random and then fixed.

    Source: arjovsky2016unitary. The authors learn h_0, here it is 0; they divide by |z| + 1e-5, here |z| is
    sqrt(Re^2 + Im^2 + 1e-10), which has a derivative at z = 0.
    """

    undecayed = ("phases", "reflections")
    permutation: Tensor

    def __init__(self, input_size: int, hidden_size: int, *, device=None, dtype=None):
        super().__init__(
            input_size,
            hidden_size,
            state_sizes={"h": 2 * hidden_size},
            blocks={"real": hidden_size, "imaginary": hidden_size},
        )
        kind = {"device": device, "dtype": dtype}
        self.weight_ih = empty_parameter(2 * hidden_size, input_size, **kind)
        self.phases = empty_parameter(3, hidden_size, **kind)
        self.reflections = empty_parameter(2, 2 * hidden_size, **kind)
        self.bias_modulus = empty_parameter(hidden_size, **kind)
        self.register_buffer("permutation", torch.arange(hidden_size, device=device))
        self.reset_parameters()

    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        """As the class says."""
        size = self.hidden_size
        fill(self.weight_ih, uniform_like(self.weight_ih, math.sqrt(6 / (self.input_size + size)), generator))
        fill(self.phases, uniform_like(self.phases, math.pi, generator))
        fill(self.reflections, uniform_like(self.reflections, math.sqrt(6 / (2 + 2 * size)), generator))
        fill(self.bias_modulus, uniform_like(self.bias_modulus, 0.01, generator))
        order = torch.randperm(size, generator=generator, device=None if generator is None else generator.device)
        fill(self.permutation, order)

    def derive(self) -> tuple[Tensor, ...]:
        """W as a real matrix (2H, 2H)."""
        phases, reflections = widened(self.phases), widened(self.reflections)
        d1, d2, d3 = torch.complex(phases.cos(), phases.sin()).unsqueeze(-1)
        r1, r2 = torch.complex(*reflections.chunk(2, -1))
        w = d1 * torch.eye(self.hidden_size, dtype=phases.dtype, device=phases.device)
        w = reflect(torch.fft.fft(w, dim=0, norm="ortho"), r1)
        w = torch.fft.ifft(d2 * w[self.permutation], dim=0, norm="ortho")
        return (as_real_pair(d3 * reflect(w, r2)).to(self.phases.dtype),)

    def project(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight_ih)

    def step_with(self, p: Tensor, state, *derived: Tensor):
        (weight,) = derived
        return complex_modrelu(p + F.linear(state.h, weight), self.bias_modulus)


def reflect(matrix: Tensor, v: Tensor) -> Tensor:
    """(1 - 2 v v^* / ||v||^2) matrix, for complex v (H,) and matrix (H, N)."""
    share = v / (v.real**2 + v.imag**2).sum()
    return matrix - 2 * torch.outer(share, v.conj() @ matrix)
