"""A run that meets NaN stops, says where it came from, and keeps what was good."""

import json

import pytest
import torch

from holdfast.training.checkpoint import load_checkpoint
from holdfast.training.divergence import DivergenceError, require_finite, require_finite_measures
from training.small import Spoilt, same, small_model, small_run, weights

INPUTS = torch.zeros(3, 2, 10)


def told(model, *, inputs=INPUTS, loss=1.0, norm=1.0) -> str:
    with pytest.raises(DivergenceError) as stopped:
        require_finite(7, inputs=inputs, loss=loss, gradient_norm=norm, model=model)
    return str(stopped.value)


def test_finite_numbers_pass():
    require_finite(7, inputs=INPUTS, loss=1.0, gradient_norm=1.0, model=small_model())


def test_the_input_is_named_with_the_number_of_its_bad_values():
    inputs = INPUTS.clone()
    inputs[0, 0, :3] = float("inf")
    assert "step 7: the input holds inf (3 of 60 numbers); mend the data" in told(
        small_model(), inputs=inputs, loss=float("nan")
    )


def test_the_parameter_is_named():
    model = small_model()
    with torch.no_grad():
        model.head[0].bias[1] = float("nan")
    assert "step 7: the parameter head.0.bias holds nan. Lower" in told(model, loss=float("nan"))


def test_the_loss_is_named():
    message = told(small_model(), loss=float("inf"))
    assert "the loss is inf, though input and parameters are finite; the forward pass overflowed" in message


def test_the_gradient_is_named():
    model = small_model()
    for parameter in model.parameters():
        parameter.grad = torch.zeros_like(parameter)
    model.head[0].weight.grad[0, 0] = float("nan")
    assert "the gradient of head.0.weight holds nan, though the loss is 1" in told(model, norm=float("nan"))


def test_a_norm_that_overflows_is_named():
    assert "the norm of the gradient overflowed" in told(small_model(), norm=float("inf"))


def test_a_measure_is_named():
    with pytest.raises(DivergenceError, match="step 7: the validation loss is nan, though all parameters are finite"):
        require_finite_measures(7, {"accuracy": 0.5, "loss": float("nan")})


def test_a_diverged_run_keeps_the_last_good_checkpoint_and_says_so(tmp_path):
    model = small_model()
    summary = small_run(tmp_path, model, Spoilt(lag=2, evaluation_examples=20, nan_at=5), steps=9)
    assert summary.status == "diverged"
    assert summary.message.startswith("step 5: the input holds nan")
    assert summary.message.endswith(f"The last good weights are in {tmp_path / 'checkpoint.pt'}")
    assert (summary.steps, summary.test) == (5, None)
    assert json.loads((tmp_path / "summary.json").read_text())["status"] == "diverged"
    kept = load_checkpoint(tmp_path / "checkpoint.pt")
    assert kept["history"]["step"] == 4
    small_run(tmp_path / "good", steps=4)
    assert same(kept["model"], load_checkpoint(tmp_path / "good" / "checkpoint.pt")["model"])
    assert all(value.isfinite().all() for value in weights(model).values())


def test_a_parameter_is_called_by_the_name_that_the_model_gives_it(tmp_path):
    model = small_model()
    with torch.no_grad():
        model.head[0].bias[1] = float("inf")
    assert small_run(tmp_path, model).message.startswith("step 0: the parameter head.0.bias holds inf")


def test_a_run_that_diverges_before_any_evaluation_has_no_best_weights(tmp_path):
    summary = small_run(tmp_path, task=Spoilt(lag=2, evaluation_examples=20, nan_at=0))
    assert (summary.status, summary.best_step, summary.validation) == ("diverged", None, None)
    assert "good weights" not in summary.message
    assert not (tmp_path / "checkpoint.pt").exists()


def test_parameters_spoilt_by_the_last_update_are_not_kept(tmp_path):
    summary = small_run(tmp_path, steps=8, learning_rate=1e37, clip_norm=None)
    assert summary.status == "diverged"
    assert "Lower training.learning_rate" in summary.message
    for path in tmp_path.glob("*.pt"):
        assert all(value.isfinite().all() for value in load_checkpoint(path)["model"].values())
