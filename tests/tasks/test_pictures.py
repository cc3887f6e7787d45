"""Pictures as sequences, on the digits that ship with scikit-learn."""

import time

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from holdfast.tasks import CIFAR10, MNIST, Digits, PermutedDigits, PermutedMNIST, RowDigits, RowMNIST
from holdfast.tasks.examples import split_by_class, split_off_validation
from holdfast.tasks.images import Images
from holdfast.tasks.orders import Permuted, PixelByPixel, RowByRow

ORDERS = [PixelByPixel(), Permuted(), RowByRow()]


def every(task, split):
    batches = list(task.evaluation_batches(split, 100))
    return torch.cat([batch.inputs for batch in batches], 1), torch.cat([batch.targets for batch in batches])


def epoch(task, number, batch_size, seed=0):
    steps = range(number * task_size(task) // batch_size, (number + 1) * task_size(task) // batch_size)
    batches = [task.training_batch(step, batch_size, seed=seed) for step in steps]
    return torch.cat([batch.inputs for batch in batches], 1)


def task_size(task):
    return task.train_examples or 1078


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: type(order).__name__)
def test_every_order_shows_every_value_once(order):
    pictures = torch.arange(2 * 4 * 5 * 3).view(2, 4, 5, 3)
    sequence = order.arrange(pictures)
    assert sequence.shape == (order.steps(4, 5), 2, order.input_size(5, 3))
    for row in range(2):
        assert torch.equal(sequence[:, row].flatten().sort().values, pictures[row].flatten())


def test_pixels_run_from_left_to_right_and_from_top_to_bottom():
    picture = torch.tensor([[[[1], [2], [3]], [[4], [5], [6]]]])
    assert PixelByPixel().arrange(picture).flatten().tolist() == [1, 2, 3, 4, 5, 6]
    assert RowByRow().arrange(picture).squeeze(1).tolist() == [[1, 2, 3], [4, 5, 6]]


def test_a_pixel_keeps_its_channels_together():
    picture = torch.arange(12).view(1, 2, 2, 3)
    assert PixelByPixel().arrange(picture).squeeze(1).tolist() == [[0, 1, 2], [3, 4, 5], [6, 7, 8], [9, 10, 11]]


def test_there_is_one_permutation_and_it_never_changes():
    """These numbers are NumPy's promise for `RandomState(50)`; other ones would make old results incomparable."""
    picture = torch.arange(64).view(1, 8, 8, 1)
    order = Permuted().arrange(picture).flatten()
    assert order.tolist() == np.random.RandomState(50).permutation(64).tolist()
    assert order[:6].tolist() == [1, 38, 23, 17, 46, 51]
    assert torch.equal(order, Permuted().arrange(picture).flatten())


def test_permuted_digits_are_the_digits_scrambled_alike():
    plain, permuted = Digits(), PermutedDigits()
    order = Permuted().arrange(torch.arange(64).view(1, 8, 8, 1)).flatten()
    for split in ("validation", "test"):
        inputs, labels = every(plain, split)
        scrambled, same_labels = every(permuted, split)
        assert torch.equal(inputs[order], scrambled)
        assert torch.equal(labels, same_labels)
    assert torch.equal(plain.training_batch(3, 9, seed=1).inputs[order], permuted.training_batch(3, 9, seed=1).inputs)


def test_row_digits_are_the_digits_row_by_row():
    inputs, _ = every(Digits(), "test")
    rows, _ = every(RowDigits(), "test")
    assert torch.equal(inputs.squeeze(-1).unflatten(0, (8, 8)).transpose(1, 2), rows)


def test_digits_are_the_scans_of_scikit_learn():
    scans, labels = load_digits(return_X_y=True)
    known = {(tuple(scan.tolist()), int(label)) for scan, label in zip(scans, labels, strict=True)}
    inputs, targets = every(Digits(), "test")
    for row in range(inputs.shape[1]):
        assert (tuple((inputs[:, row, 0] * 16).tolist()), int(targets[row])) in known


def test_digits_are_split_into_disjoint_parts_that_cover_all():
    images = Images(torch.arange(1797).view(-1, 1, 1, 1), torch.from_numpy(load_digits().target).long(), 1.0)
    splits = split_by_class(images)
    parts = [part.pixels.flatten() for part in (splits.train, splits.validation, splits.test)]
    assert [len(part) for part in parts] == [1078, 359, 360]
    assert torch.equal(torch.cat(parts).sort().values, torch.arange(1797))


def test_the_tasks_use_these_parts():
    assert [every(Digits(), split)[0].shape[1] for split in ("validation", "test")] == [359, 360]
    seen = {tuple(row) for row in epoch(Digits(), 0, 22).squeeze(-1).T.tolist()}
    for split in ("validation", "test"):
        assert not seen & {tuple(row) for row in every(Digits(), split)[0].squeeze(-1).T.tolist()}


def test_every_class_has_the_same_share_of_every_part():
    labels = torch.from_numpy(load_digits().target).long()
    splits = split_by_class(Images(torch.zeros(1797, 1, 1, 1), labels, 1.0))
    everywhere = torch.bincount(labels) / 1797
    for part in (splits.train, splits.validation, splits.test):
        assert (torch.bincount(part.labels) / len(part) - everywhere).abs().max() < 0.005


def test_validation_pictures_are_split_off_for_good():
    images = Images(torch.arange(60).view(-1, 1, 1, 1), torch.zeros(60, dtype=torch.int64), 1.0)
    train, validation = split_off_validation(images, one_in=6)
    again, _ = split_off_validation(images, one_in=6)
    assert (len(train), len(validation)) == (50, 10)
    assert torch.equal(torch.cat([train.pixels, validation.pixels]).flatten().sort().values, torch.arange(60))
    assert torch.equal(train.pixels, again.pixels)


def test_values_run_from_zero_to_one():
    for task in (Digits(), Digits(side=28)):
        inputs, _ = every(task, "test")
        assert inputs.min() == 0
        assert inputs.max() == 1


def test_enlarged_digits_keep_picture_and_label():
    small, labels = every(Digits(), "test")
    large, same_labels = every(Digits(side=28), "test")
    assert large.shape[0] == 784
    assert torch.equal(labels, same_labels)
    places = (np.arange(28) + 0.5) * 8 / 28 - 0.5
    for row in range(20):
        scan = small[:, row, 0].view(8, 8).numpy()
        wide = np.stack([np.interp(places, np.arange(8), line) for line in scan])
        tall = np.stack([np.interp(places, np.arange(8), line) for line in wide.T]).T
        assert np.allclose(large[:, row, 0].view(28, 28), tall, atol=1e-6)


def test_an_epoch_shows_every_picture_once_in_another_order_each_time():
    task = Digits(train_examples=60)
    first, second = epoch(task, 0, 12), epoch(task, 1, 12)
    assert not torch.equal(first, second)
    sort = [sorted(map(tuple, part.squeeze(-1).T.tolist())) for part in (first, second)]
    assert sort[0] == sort[1]
    assert len(set(sort[0])) == 60


@pytest.mark.parametrize("batch_size", [7, 60, 61, 150])
def test_batches_that_straddle_epochs_are_full_and_fair(batch_size):
    task = Digits(train_examples=60)
    stream = torch.cat([task.training_batch(step, batch_size, seed=5).inputs for step in range(60)], 1)
    assert stream.shape[1] == 60 * batch_size
    pictures = [tuple(row) for row in stream.squeeze(-1).T.tolist()]
    for start in range(0, len(pictures), 60):
        assert len(set(pictures[start : start + 60])) == 60


def test_fewer_training_pictures_are_a_part_of_all_and_of_every_class():
    few = epoch(Digits(train_examples=100), 0, 10).squeeze(-1).T.tolist()
    everything = {tuple(row) for row in epoch(Digits(), 0, 22).squeeze(-1).T.tolist()}
    assert len({tuple(row) for row in few} - everything) == 0
    labels = torch.cat([Digits(train_examples=100).training_batch(step, 10, seed=0).targets for step in range(10)])
    assert len(labels.unique()) == 10


def test_fewer_validation_pictures_leave_the_test_set_whole():
    task = Digits(validation_examples=50)
    assert every(task, "validation")[0].shape[1] == 50
    assert every(task, "test")[0].shape[1] == 360


def test_chance_is_what_the_best_constant_gets():
    task = Digits()
    _, labels = every(task, "test")
    shares = torch.bincount(labels) / len(labels)
    entropy = -(shares * shares.log()).sum().item()
    assert entropy == pytest.approx(task.chance["loss"], abs=1e-3)
    assert shares.max().item() == pytest.approx(task.chance["accuracy"], abs=0.01)


def test_sizes_are_known_before_anything_is_read():
    sizes = {
        kind.name: (kind().steps, kind().input_size, kind().output_size)
        for kind in (Digits, PermutedDigits, RowDigits, MNIST, PermutedMNIST, RowMNIST, CIFAR10)
    }
    assert sizes == {
        "digits": (64, 1, 10),
        "permuted-digits": (64, 1, 10),
        "row-digits": (8, 8, 10),
        "mnist": (784, 1, 10),
        "permuted-mnist": (784, 1, 10),
        "row-mnist": (28, 28, 10),
        "cifar10": (1024, 3, 10),
    }
    assert Digits(side=28).steps == 784


def test_a_second_task_on_the_same_pictures_need_not_read_them_again():
    Digits().training_batch(0, 10, seed=0)
    start = time.perf_counter()
    PermutedDigits().training_batch(0, 10, seed=0)
    assert time.perf_counter() - start < 0.1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"side": 16}, "Digits expects side to be one of 8, 28, got 16"),
        ({"train_examples": 0}, "Digits expects train_examples to be a whole number of at least 1, got 0"),
        ({"validation_examples": -1}, "validation_examples to be a whole number of at least 1, got -1"),
    ],
)
def test_settings_out_of_range_are_refused_by_name(options, words):
    with pytest.raises(ValueError, match=words):
        Digits(**options)


def test_more_pictures_than_there_are_is_refused_with_their_number():
    with pytest.raises(ValueError, match="Digits has 1078 train pictures, got train_examples 2000; ask for fewer"):
        Digits(train_examples=2000).training_batch(0, 1, seed=0)
    with pytest.raises(ValueError, match="Digits has 359 validation pictures, got validation_examples 360"):
        next(Digits(validation_examples=360).evaluation_batches("validation", 1))
