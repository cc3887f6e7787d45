"""Real pictures, read pixel by pixel."""

import os

import pytest
import torch

import holdfast
from holdfast.models import SequenceModel
from holdfast.tasks import PermutedMNIST
from holdfast.training import TrainingSettings, silent, train


@pytest.mark.slow
@pytest.mark.skipif("HOLDFAST_DATA" not in os.environ, reason="HOLDFAST_DATA names no folder of data sets")
def test_one_epoch_of_permuted_mnist_teaches_a_small_ur_lstm_more_than_60_percent():
    task = PermutedMNIST(train_examples=50_000, validation_examples=2_000)
    generator = torch.Generator().manual_seed(0)
    layer = holdfast.make("ur-lstm", task.input_size, 64, generator=generator)
    model = SequenceModel(layer, task.output_size, readout=task.readout, generator=generator)
    settings = TrainingSettings(
        steps=1562, batch_size=32, learning_rate=7e-3, evaluate_every=781, evaluation_batch_size=500
    )
    summary = train(model, task, settings, watch=silent)
    assert summary.test is not None
    assert summary.test["accuracy"] > 0.6
