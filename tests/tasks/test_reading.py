"""MNIST and CIFAR-10 from folders in the hub's layout, made up here, and what happens when they are broken."""

import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch

from holdfast.tasks import CIFAR10, MNIST, PermutedMNIST, RowMNIST
from tasks import tables
from tasks.tables import COUNTS, encoded, noise

MNIST_FILES = "ylecun/mnist/mnist/{}-00000-of-00001.parquet"
CIFAR_FILES = "uoft-cs/cifar10/plain_text/{}-00000-of-00001.parquet"


def write(path: Path, column: str, pictures: list, labels: list) -> None:
    tables.write(path, **{column: tables.files(pictures)}, label=labels)


@pytest.fixture
def mnist(tmp_path):
    """A data folder with a small MNIST of noise, and the pictures in it."""
    pictures = {split: noise(count, 28, 28, seed=count) for split, count in COUNTS.items()}
    for split, pixels in pictures.items():
        labels = [row % 10 for row in range(len(pixels))]
        write(tmp_path / MNIST_FILES.format(split), "image", [encoded(picture) for picture in pixels], labels)
    return tmp_path, pictures


def every(task, split):
    batches = list(task.evaluation_batches(split, 7))
    return torch.cat([batch.inputs for batch in batches], 1), torch.cat([batch.targets for batch in batches])


def test_mnist_is_read_from_a_folder_pixel_for_pixel(mnist):
    folder, pictures = mnist
    inputs, labels = every(MNIST(data=str(folder)), "test")
    assert torch.equal((inputs * 255).squeeze(-1).T.view(-1, 28, 28).round().byte(), torch.from_numpy(pictures["test"]))
    assert labels.tolist() == [row % 10 for row in range(20)]


def test_the_official_training_set_is_split_and_the_official_test_set_is_not(mnist):
    folder, pictures = mnist
    task = RowMNIST(data=str(folder))

    def rows(inputs):
        return [(inputs[:, row] * 255).round().byte().numpy().tobytes() for row in range(inputs.shape[1])]

    train = {row for step in range(5) for row in rows(task.training_batch(step, 10, seed=0).inputs)}
    validation = set(rows(every(task, "validation")[0]))
    test = set(rows(every(task, "test")[0]))
    assert (len(train), len(validation), len(test)) == (50, 10, 20)
    assert train | validation == {picture.tobytes() for picture in pictures["train"]}
    assert test == {picture.tobytes() for picture in pictures["test"]}


def test_the_environment_variable_names_the_data_folder(mnist, monkeypatch):
    folder, _ = mnist
    monkeypatch.setenv("HOLDFAST_DATA", str(folder))
    assert every(MNIST(), "test")[0].shape == (784, 20, 1)


def test_a_folder_that_is_given_goes_before_the_environment(mnist, monkeypatch):
    folder, _ = mnist
    monkeypatch.setenv("HOLDFAST_DATA", "/nowhere")
    assert every(PermutedMNIST(data=str(folder)), "test")[0].shape == (784, 20, 1)


def test_cifar_pictures_keep_their_colours_also_as_webp(tmp_path):
    pictures = {split: noise(count, 32, 32, 3, seed=count) for split, count in COUNTS.items()}
    for split, pixels in pictures.items():
        images = [encoded(picture, "WEBP") for picture in pixels]
        write(tmp_path / CIFAR_FILES.format(split), "img", images, [0] * len(pixels))
    inputs, _ = every(CIFAR10(data=str(tmp_path)), "test")
    assert inputs.shape == (1024, 20, 3)
    seen = (inputs * 255).round().byte().transpose(0, 1).reshape(20, 32, 32, 3)
    assert torch.equal(seen, torch.from_numpy(pictures["test"]))
    assert every(CIFAR10(data=str(tmp_path)), "validation")[0].shape[1] == 6


def test_several_files_of_a_split_are_read_in_order(mnist):
    folder, pictures = mnist
    whole = folder / MNIST_FILES.format("test")
    table = pq.read_table(whole)
    whole.unlink()
    for part in range(2):
        pq.write_table(table.slice(10 * part, 10), whole.with_name(f"test-0000{part}-of-00002.parquet"))
    inputs, _ = every(MNIST(data=str(folder)), "test")
    assert torch.equal((inputs * 255).squeeze(-1).T.round().byte(), torch.from_numpy(pictures["test"]).flatten(1))


def test_the_data_folder_is_left_as_it_was(mnist):
    folder, _ = mnist

    def state():
        return {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in folder.rglob("*")}

    before = state()
    every(MNIST(data=str(folder)), "test")
    assert state() == before


def test_reading_writes_nothing_into_the_cache_of_datasets(mnist, tmp_path_factory, monkeypatch):
    import datasets

    cache = tmp_path_factory.mktemp("cache")
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", str(cache))
    every(MNIST(data=str(mnist[0])), "test")
    assert list(cache.iterdir()) == []


def test_reading_is_silent_in_a_log(mnist, capfd):
    every(MNIST(data=str(mnist[0])), "test")
    assert capfd.readouterr() == ("", "")


def refusal(task) -> str:
    """The one line with which the task refuses."""
    with pytest.raises(ValueError) as caught:  # noqa: PT011 (the caller matches the text)
        task.training_batch(0, 4, seed=0)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_a_missing_folder_is_named_with_its_layout(tmp_path):
    message = refusal(MNIST(data=str(tmp_path / "nowhere")))
    assert f"expected a folder {tmp_path}/nowhere/ylecun/mnist with the parquet files of ylecun/mnist" in message
    assert "found none" in message
    assert "owner/name" in message
    assert "HOLDFAST_DATA" in message


def test_an_empty_folder_is_named(tmp_path):
    (tmp_path / "ylecun/mnist").mkdir(parents=True)
    message = refusal(MNIST(data=str(tmp_path)))
    assert f"cannot read the train split of ylecun/mnist from {tmp_path}/ylecun/mnist" in message
    assert "expected whole parquet files" in message


def test_a_missing_split_is_named(mnist):
    folder, _ = mnist
    (folder / MNIST_FILES.format("test")).unlink()
    message = refusal(MNIST(data=str(folder)))
    assert "cannot read the test split of ylecun/mnist" in message
    assert "Bad split: test" in message


@pytest.mark.parametrize("damage", ["truncated", "empty", "not parquet"])
def test_a_damaged_parquet_file_is_refused_with_the_remedy(mnist, damage, capfd):
    folder, _ = mnist
    path = folder / MNIST_FILES.format("train")
    content = path.read_bytes()
    path.write_bytes({"truncated": content[: len(content) // 2], "empty": b"", "not parquet": b"hello " * 99}[damage])
    message = refusal(MNIST(data=str(folder)))
    assert "cannot read the train split of ylecun/mnist" in message
    assert "Parquet" in message
    assert "copy the set anew" in message
    assert capfd.readouterr() == ("", "")


def test_a_damaged_picture_is_named_by_its_row(mnist):
    folder, pictures = mnist
    images = [encoded(picture) for picture in pictures["train"]]
    images[17] = images[17][: len(images[17]) // 2]
    write(folder / MNIST_FILES.format("train"), "image", images, [0] * 60)
    message = refusal(MNIST(data=str(folder)))
    assert "row 17 of the train split of ylecun/mnist" in message
    assert "is no picture" in message
    assert "copy it anew" in message


@pytest.mark.parametrize("content", [b"", b"GIF89a but not really", None])
def test_something_else_in_place_of_a_picture_is_named_by_its_row(mnist, content):
    folder, pictures = mnist
    images = [encoded(picture) for picture in pictures["train"]]
    images[3] = content
    write(folder / MNIST_FILES.format("train"), "image", images, [0] * 60)
    assert "row 3 of the train split of ylecun/mnist" in refusal(MNIST(data=str(folder)))


def test_pictures_of_another_size_are_refused_with_both_sizes(mnist):
    folder, _ = mnist
    images = [encoded(picture) for picture in noise(60, 32, 30, seed=0)]
    write(folder / MNIST_FILES.format("train"), "image", images, [0] * 60)
    message = refusal(MNIST(data=str(folder)))
    assert "expected pictures of 28 x 28 pixels, but row 0" in message
    assert "has 32 x 30" in message


@pytest.mark.parametrize("labels", [[10] * 60, [-1] * 60, [None] * 60, [0.5] * 60, ["seven"] * 60])
def test_labels_beyond_the_classes_are_refused(mnist, labels):
    folder, pictures = mnist
    write(folder / MNIST_FILES.format("train"), "image", [encoded(picture) for picture in pictures["train"]], labels)
    message = refusal(MNIST(data=str(folder)))
    assert "expected rows with labels from 0 to 9" in message
    assert f"got labels {labels[0]}" in message


def test_a_table_without_rows_is_refused(mnist):
    folder, _ = mnist
    write(folder / MNIST_FILES.format("train"), "image", [], pa.array([], pa.int64()))
    assert "cannot read the train split of ylecun/mnist" in refusal(MNIST(data=str(folder)))


def test_a_set_without_rows_is_refused(monkeypatch):
    import datasets

    empty = datasets.Dataset.from_dict(
        {"image": [], "label": []}, datasets.Features(image=datasets.Image(), label=datasets.Value("int64"))
    )
    monkeypatch.setattr(datasets, "load_dataset", lambda *_, **__: empty)
    message = refusal(MNIST())
    assert (
        "expected rows with labels from 0 to 9 in the train split of ylecun/mnist from the hub, got no rows" in message
    )


def test_a_table_without_the_columns_is_refused_with_their_names(mnist):
    folder, pictures = mnist
    write(folder / MNIST_FILES.format("train"), "photo", [encoded(picture) for picture in pictures["train"]], [0] * 60)
    message = refusal(MNIST(data=str(folder)))
    assert 'its columns are photo, label; expected whole parquet files with columns "image" and "label"' in message


def test_a_missing_network_is_explained(monkeypatch):
    import datasets

    def unreachable(*_, **__):
        raise ConnectionError("Couldn't reach 'ylecun/mnist' on the Hub (LocalEntryNotFoundError)")

    monkeypatch.setattr(datasets, "load_dataset", unreachable)
    message = refusal(MNIST())
    assert "cannot read the train split of ylecun/mnist from the hub: Couldn't reach" in message
    assert "connect to the network, or give a folder" in message
    assert "`digits` needs neither" in message


def test_the_hub_is_asked_for_the_set_by_name(monkeypatch):
    import datasets

    asked = []

    def remember(location, **options):
        asked.append((location, options))
        raise ConnectionError("no network here")

    monkeypatch.setattr(datasets, "load_dataset", remember)
    for task in (MNIST(), CIFAR10()):
        refusal(task)
    assert asked == [("ylecun/mnist", {"split": "train"}), ("uoft-cs/cifar10", {"split": "train"})]


def test_what_the_hub_gives_is_read_like_a_folder(mnist, monkeypatch):
    """The hub's tables stand in memory-mapped files rather than in a stream; the pixels are the same."""
    import datasets

    folder, pictures = mnist

    def local(location, *, split):
        assert location == "ylecun/mnist"
        return datasets.Dataset.from_parquet(
            str(folder / MNIST_FILES.format(split)), cache_dir=str(folder / "cache"), keep_in_memory=True
        )

    monkeypatch.setattr(datasets, "load_dataset", local)
    inputs, _ = every(MNIST(), "test")
    assert torch.equal((inputs * 255).squeeze(-1).T.round().byte(), torch.from_numpy(pictures["test"]).flatten(1))


def test_the_settings_of_other_libraries_are_put_back(mnist):
    import logging

    import datasets

    before = (datasets.are_progress_bars_disabled(), logging.getLogger("datasets").level)
    every(MNIST(data=str(mnist[0])), "test")
    assert (datasets.are_progress_bars_disabled(), logging.getLogger("datasets").level) == before


@pytest.mark.slow
@pytest.mark.skipif("HOLDFAST_DATA" not in os.environ, reason="HOLDFAST_DATA names no folder with the real sets")
@pytest.mark.parametrize(("kind", "sizes"), [(MNIST, (50_000, 10_000)), (CIFAR10, (45_000, 5_000))])
def test_the_real_sets_are_whole(kind, sizes):
    from holdfast.tasks.sources import load

    splits = load(kind().source)
    assert (len(splits.train), len(splits.validation), len(splits.test)) == (*sizes, 10_000)
    labels = torch.cat([splits.train.labels, splits.validation.labels])
    assert torch.bincount(splits.test.labels).min() > 850
    assert torch.bincount(labels).min() >= 5000
    mean = splits.train.scaled()[:5000].mean().item()
    assert mean == pytest.approx({"mnist": 0.1307, "cifar10": 0.4734}[kind.name], abs=0.005)
