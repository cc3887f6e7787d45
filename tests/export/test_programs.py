"""What torch.export makes of a model runs without this library, at any length."""

import subprocess
import sys

import pytest
import torch
from torch import nn

import holdfast
from holdfast.export import sequence_program, step_program
from holdfast.models import Blueprint


def model(name="lstm", **values):
    sizes = {"input_size": 3, "output_size": 4, "hidden_size": 5}
    options = {} if name == "transformer" else {"backend": "reference", **values.pop("options", {})}
    return Blueprint(name=name, **{**sizes, **values}, options=options).build(torch.Generator().manual_seed(0)).eval()


def assert_same(found, expected):
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("steps", [1, 4, 33])
def test_an_exported_sequence_has_any_length(steps):
    made = model(options={"num_layers": 2, "bidirectional": True, "recompute": "auto"})
    x = torch.randn(steps, 3, 3)
    answers, h, c = sequence_program(made).traced.module()(x)
    output, state = made.layer(x)
    assert_same((answers, h, c), (made.head(output), *state))


def test_one_answer_a_sequence_is_that_at_the_end_of_its_row():
    made, x, lengths = model("gru", readout="last step"), torch.randn(9, 3, 3), torch.tensor([9, 1, 4])
    assert_same(sequence_program(made).traced.module()(x, lengths)[:1], [made(x, lengths)])


def test_symbols_go_in_as_numbers():
    made = model(input_size=7, tokens="symbols", embedding_size=6)
    symbols = torch.randint(7, (8, 2))
    program = sequence_program(made)
    assert program.inputs == {"inputs": ("time", "batch")}
    assert_same(program.traced.module()(symbols)[:1], [made(symbols)])


def test_a_network_of_convolutions_is_exported_without_a_state():
    made = Blueprint(name="tcn", input_size=3, output_size=4, hidden_size=5, options={"levels": 2}).build().eval()
    x = torch.randn(9, 2, 3)
    program = sequence_program(made)
    assert program.outputs == {"answers": ("time", "batch", 4)}
    assert_same(program.traced.module()(x), [made(x)])
    with pytest.raises(ValueError, match="no recurrence has no state"):
        step_program(made)


def test_steps_from_zeros_are_the_sequence():
    made, x = model(options={"num_layers": 2}), torch.randn(6, 2, 3)
    run, state = step_program(made).traced.module(), [torch.zeros(2, 2, 5)] * 2
    answers = []
    for step in x:
        answer, *state = run(step, *state)
        answers.append(answer)
    assert_same([torch.stack(answers)], [made(x)])


def test_a_bare_layer_of_a_cell_with_a_derived_matrix_is_exported_too():
    layer, x = holdfast.make("exprnn", 3, 4, backend="reference").eval(), torch.randn(7, 2, 3)
    assert_same(sequence_program(layer).traced.module()(x)[:1], layer(x)[:1])


ELSEWHERE = """
import sys, torch
sys.modules["holdfast"] = None
x, expected = torch.load(sys.argv[2])
found, *_ = torch.export.load(sys.argv[1]).module()(x)
print(torch.allclose(found, expected, atol=1e-6))
"""


def test_a_program_runs_where_there_is_no_holdfast(tmp_path):
    made, x = model(), torch.randn(11, 2, 3)
    torch.export.save(sequence_program(made).traced, tmp_path / "sequence.pt2")
    torch.save((x, made(x).detach()), tmp_path / "x.pt")
    command = [sys.executable, "-c", ELSEWHERE, str(tmp_path / "sequence.pt2"), str(tmp_path / "x.pt")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout == "True\n", done.stderr


def test_the_model_itself_is_left_as_it_was():
    made = model().train()
    step_program(made)
    assert made.training
    assert made.layer.backend == "reference"
    assert all(parameter.requires_grad for parameter in made.parameters())


def test_what_can_not_step_says_so():
    with pytest.raises(ValueError, match="bidirectional model reads from the end too"):
        step_program(model(options={"bidirectional": True}))
    with pytest.raises(ValueError, match="no recurrence has no state"):
        step_program(model("transformer", readout="last step", hidden_size=8))
    with pytest.raises(ValueError, match="expected a SequenceModel, a PooledModel or a Recurrent layer, got a Linear"):
        step_program(nn.Linear(2, 2))


def test_the_loop_does_not_run_outside_of_an_export():
    layer = holdfast.make("rnn", 3, 4, backend="loop")
    with pytest.raises(ValueError, match=r"the loop is for torch\.export"):
        layer(torch.randn(3, 2, 3))


def test_the_loop_keeps_to_lengths_and_resets():
    """Beyond what the library exports itself: a layer of one's own model, with masks made in its graph."""

    class Masked(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = holdfast.make("lstm", 3, 4, backend="loop").requires_grad_(False)

        def forward(self, x, reset):
            return self.layer(x, lengths=[5, 2], reset=reset)[0]

    made, reset = Masked().eval(), torch.rand(5, 2, generator=torch.Generator().manual_seed(3)) < 0.4
    x = torch.randn(5, 2, 3)
    found = torch.export.export(made, (x, reset), strict=False).module()(x, reset)
    made.layer.backend = "reference"
    assert_same([found], [made(x, reset)])
