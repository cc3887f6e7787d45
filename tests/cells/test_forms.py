"""Where a paper and its code differ: both forms, and what they share."""

import pytest
import torch

from holdfast import make
from holdfast.backends import Compiled, Work
from holdfast.backends.reference import unroll_segment
from holdfast.cells import NRU, GatedLSTM, Refine
from holdfast.cli.options import model_choice
from tolerances import assert_close


@pytest.mark.parametrize(("name", "kept"), [("ur-lstm", "forget"), ("ur-gru", "update")])
def test_a_mirrored_bias_starts_as_the_own_one_does_and_stays_mirrored(name, kept):
    made = [
        make(name, 3, 8, refine_bias=bias, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
        for bias in ("own", "mirrored")
    ]
    own, mirrored = (layer.cells[0] for layer in made)
    assert mirrored.bias.numel() == own.bias.numel() - 8
    others = torch.ones_like(own.bias, dtype=torch.bool)
    others[own.block("refine")] = False
    mirrored.load_state_dict(own.state_dict() | {"bias": own.bias.detach()[others]})
    x = torch.randn(6, 4, 3, dtype=torch.float64)
    outputs = [layer(x)[0] for layer in made]
    assert_close(outputs[1], outputs[0])
    for layer, output in zip(made, outputs, strict=True):
        output.square().sum().backward()
        torch.optim.SGD(layer.parameters(), lr=0.1).step()
    biases = [cell.whole_bias().detach() for cell in (own, mirrored)]
    assert torch.equal(biases[1][mirrored.block("refine")], -biases[1][mirrored.block(kept)])
    assert not torch.equal(biases[0][own.block("refine")], -biases[0][own.block(kept)])


def test_a_mirrored_bias_without_its_gate_or_against_its_start_is_refused():
    with pytest.raises(ValueError, match="refine_bias='mirrored' is for a refine gate"):
        make("tied-lstm", 3, 4, refine_bias="mirrored")
    with pytest.raises(ValueError, match="starts the refine gate's bias at 0, but in this GatedLSTM it is minus"):
        make("ur-lstm", 3, 4, refine_bias="mirrored", refine="centred")
    with pytest.raises(ValueError, match="refine_bias must be 'own' or 'mirrored', got 'tied'"):
        GatedLSTM(3, 4, gate=Refine(), refine_bias="tied")  # pyright: ignore[reportArgumentType]
    with pytest.raises(ValueError, match="form must be 'code' or 'paper', got 'book'"):
        NRU(3, 4, memory_size=4, form="book")  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(("name", "option"), [("ur-lstm", {"refine_bias": "mirrored"}), ("nru", {"form": "paper"})])
def test_the_other_form_has_a_kernel_that_agrees(name, option):
    (cell,) = make(name, 3, 4, **option, generator=torch.Generator().manual_seed(0)).cells
    x = torch.randn(5, 2, 3, generator=torch.Generator().manual_seed(1))
    state = cell.initial_state(2, like=x)
    assert_close(
        Compiled().unroll(cell, Work(x, state))[0], unroll_segment(cell, x, state, None, None)[0], torch.float32
    )


def test_settings_from_before_there_was_another_form_are_those_of_today():
    for name, option in (("ur-lstm", "refine_bias"), ("nru", "form"), ("indrnn", "last_start")):
        assert option not in model_choice(name, {}).options
    assert model_choice("nru", {"form": "paper"}).options["form"] == "paper"
