"""Pictures of any set brought to one size: Stanford Dogs, other sets of the hub, and folders of files."""

import io

import numpy as np
import pytest
import torch
from PIL import Image

from holdfast.tasks import CIFAR10, Pictures, StanfordDogs
from tasks.tables import COUNTS, encoded, files, noise, write

DOGS = "Donghyun99/Stanford-Dogs/data/{}-00000-of-00001.parquet"


def every(task, split):
    batches = list(task.evaluation_batches(split, 7))
    return torch.cat([batch.inputs for batch in batches], 1), torch.cat([batch.targets for batch in batches])


def bytes_of(inputs):
    return (inputs * 255).round().byte().transpose(0, 1)


def photograph(row, kind="JPEG"):
    """A picture of its own size, in one colour on the left and another on the right."""
    pixels = np.zeros((40 + row % 5, 60 + row % 7, 3), dtype=np.uint8)
    pixels[:, : pixels.shape[1] // 2] = (10 * (row % 20), 100, 0)
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, kind, quality=100)
    return stream.getvalue()


@pytest.fixture
def dogs(tmp_path):
    for split, count in COUNTS.items():
        photographs = [photograph(row) for row in range(count)]
        write(tmp_path / DOGS.format(split), image=files(photographs), label=[row % 120 for row in range(count)])
    return tmp_path


@pytest.mark.parametrize("side", [1, 4, 40, 128])
def test_photographs_of_every_size_become_squares_of_one(dogs, side):
    task = StanfordDogs(data=str(dogs), side=side, validation_examples=2)
    batch = next(task.evaluation_batches("test", 3))
    assert batch.inputs.shape == (side**2, 3, 3) == (task.steps, 3, task.input_size)
    assert task.output_size == 120
    assert 0 <= batch.inputs.min() <= batch.inputs.max() <= 1


def test_a_resized_photograph_keeps_its_sides_and_its_label(dogs):
    inputs, labels = every(StanfordDogs(data=str(dogs), side=4), "test")
    pictures = bytes_of(inputs).view(-1, 4, 4, 3).int()
    for row, picture in enumerate(pictures):
        assert (picture[:, 0] - torch.tensor([10 * (row % 20), 100, 0])).abs().max() <= 6
        assert picture[:, -1].max() <= 6
    assert labels.tolist() == list(range(20))


def test_pictures_of_the_right_size_are_left_as_they_are(tmp_path):
    for split, count in COUNTS.items():
        pictures = [encoded(pixels) for pixels in noise(count, 32, 32, 3, seed=count)]
        write(tmp_path / f"uoft-cs/cifar10/p/{split}-00000-of-00001.parquet", img=files(pictures), label=[0] * count)
    for split in ("validation", "test"):
        one, other = (every(kind(data=str(tmp_path)), split)[0] for kind in (CIFAR10, Pictures))
        assert torch.equal(one, other)
    assert torch.equal(bytes_of(one).reshape(20, 32, 32, 3), torch.from_numpy(noise(20, 32, 32, 3, seed=20)))


@pytest.mark.parametrize("channels", [1, 3])
def test_a_folder_of_pictures_sorted_by_class_is_a_set(tmp_path, channels):
    for split, count in COUNTS.items():
        for row in range(count):
            file = tmp_path / f"birds/{split}/{['crow', 'owl', 'wren'][row % 3]}/{row:03}.png"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(photograph(row, "PNG"))
    options = {"repository": "birds", "classes": 3, "side": 8, "image_column": "image", "channels": channels}
    task = Pictures(data=str(tmp_path), **options)
    inputs, labels = every(task, "test")
    assert inputs.shape == (64, 20, channels)
    assert labels.tolist() == [0] * 7 + [1] * 7 + [2] * 6
    assert (inputs[0].std(0) > 0).any()


def test_another_size_is_decoded_for_itself(dogs):
    small, large = (every(StanfordDogs(data=str(dogs), side=side), "test")[0] for side in (4, 6))
    assert (len(small), len(large)) == (16, 36)


@pytest.mark.parametrize(
    ("kind", "options", "words"),
    [
        (StanfordDogs, {"side": 0}, "StanfordDogs expects side to be a whole number of at least 1, got 0"),
        (Pictures, {"classes": 1}, "Pictures expects classes to be a whole number of at least 2, got 1"),
        (Pictures, {"channels": 4}, "Pictures expects channels to be one of 1, 3, got 4"),
    ],
)
def test_settings_out_of_range_are_refused_by_name(kind, options, words):
    with pytest.raises(ValueError, match=words):
        kind(**options)
