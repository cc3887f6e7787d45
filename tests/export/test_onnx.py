"""ONNX in onnxruntime gives PyTorch's numbers, at any length, all at once or step by step."""

import importlib.util
import math

import onnxruntime
import pytest
import torch

from conformance.conftest import options
from holdfast.export import ExportError, onnx_format, sequence_program, step_program, to_onnx
from holdfast.layers import CATALOGUE
from holdfast.layers.catalogue import distinct
from holdfast.models import Blueprint
from holdfast.models.rivals import RIVALS

REFUSED = {"transformer": "can't trace a sequence", "t-dmca": "can't trace a sequence"}
"""Models that ONNX can't hold, with what stands in the way."""


def model(name, **sizes):
    own = {} if name in RIVALS else {**options(name), "backend": "reference"}
    values = {"input_size": 3, "output_size": 4, "hidden_size": 8, "options": own, **sizes}
    return Blueprint(name=name, **values).build(torch.Generator().manual_seed(0)).eval()


def session(content):
    return onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])


def given(names, *values):
    return {name: value.numpy() for name, value in zip(names, values, strict=True)}


def close(found, expected):
    torch.testing.assert_close(torch.as_tensor(found), expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("name", ["lstm", "gru", "ur-lstm", "nru"])
def test_onnx_equals_pytorch_at_lengths_that_were_not_the_exported_one(name):
    made = model(name)
    program, single = sequence_program(made), step_program(made)
    whole, one = (session(to_onnx(each)[0]) for each in (program, single))
    for steps, batch in ((1, 3), (7, 1), (20, 2)):
        x = torch.randn(steps, batch, 3, generator=torch.Generator().manual_seed(steps))
        with torch.no_grad():
            output, state = made.layer(x)
            expected = [made.head(output), *((state,) if isinstance(state, torch.Tensor) else state)]
        for found, wanted in zip(whole.run(None, given(program.inputs, x)), expected, strict=True):
            close(found, wanted)
        state = [torch.zeros_like(part) for part in expected[1:]]
        for t in range(steps):
            answers, *state = map(torch.as_tensor, one.run(None, given(single.inputs, x[t], *state)))
            close(answers, expected[0][t])
        for found, wanted in zip(state, expected[1:], strict=True):
            close(found, wanted)


@pytest.mark.parametrize("name", ["exprnn", "urnn"])
def test_what_onnx_can_not_derive_is_derived_before(name):
    made = model(name)
    whole, x = session(to_onnx(sequence_program(made))[0]), torch.randn(9, 2, 3)
    with torch.no_grad():
        close(whole.run(["answers"], given(["inputs"], x))[0], made(x))


def test_the_axes_of_an_onnx_file_have_names():
    whole = session(to_onnx(sequence_program(model("rnn")))[0])
    shapes = {value.name: value.shape for value in (*whole.get_inputs(), *whole.get_outputs())}
    assert shapes == {"inputs": ["time", "batch", 3], "answers": ["time", "batch", 4], "h": [1, "batch", 8]}


def test_numbers_that_differ_are_not_written():
    program = step_program(model("rnn"))
    with torch.no_grad():
        program.plain.model.head[0].bias += 1e-3
    with pytest.raises(ExportError, match=r"onnxruntime gives other numbers than PyTorch.*by 0\.001"):
        to_onnx(program)


@pytest.mark.parametrize("lost", [torch.nan, torch.inf])
def test_numbers_that_are_not_finite_are_not_written(lost, monkeypatch):
    broken, whole = model("rnn"), step_program(model("rnn"))
    with torch.no_grad():
        broken.head[0].bias[0] = lost
    with pytest.raises(ExportError, match=r"inputs of 1 x 1 \(time x batch\), but PyTorch gives others in answers"):
        to_onnx(step_program(broken))
    monkeypatch.setattr(onnx_format, "check", lambda *given: onnx_format.Check(0.0, 0.0))
    content, _ = to_onnx(step_program(broken))
    monkeypatch.undo()
    with pytest.raises(ExportError, match="but onnxruntime gives others in answers"):
        onnx_format.check(content, whole)


@pytest.mark.parametrize("difference", [math.nan, math.inf])
def test_a_difference_that_is_no_number_does_not_pass(difference):
    assert not onnx_format.Check(difference, rounding=math.inf).passed
    assert onnx_format.Check(1e-6, rounding=0.0).passed


def test_without_the_packages_it_says_how_to_get_them(monkeypatch):
    found = importlib.util.find_spec
    monkeypatch.setattr(onnx_format, "find_spec", lambda name: None if name == "onnxruntime" else found(name))
    with pytest.raises(
        ExportError, match=r"ONNX needs onnxruntime, not installed here: pip install 'holdfast\[onnx\]'"
    ):
        to_onnx(step_program(model("rnn")))


@pytest.mark.slow
@pytest.mark.parametrize("name", [*distinct(), *RIVALS])
def test_every_layer_is_exported_to_onnx_or_refused_in_words(name):
    build = model(name, readout="last step")
    if name in REFUSED:
        with pytest.raises(ValueError, match=REFUSED[name]):
            to_onnx(sequence_program(build))
        return
    assert to_onnx(sequence_program(build))[1].passed
    if name in CATALOGUE:
        assert to_onnx(step_program(build))[1].passed
