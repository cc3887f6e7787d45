"""Files are written whole or not at all, and say so when they are damaged."""

import pickle

import pytest
import torch

from holdfast.training import CheckpointError
from holdfast.training.checkpoint import load_checkpoint, save_checkpoint
from holdfast.training.files import write_whole
from training.small import small_model, small_run


def test_what_is_saved_is_loaded(tmp_path):
    content = {"weights": torch.arange(3.0), "step": 5, "measures": [{"loss": 0.5}]}
    save_checkpoint(tmp_path / "a.pt", content)
    loaded = load_checkpoint(tmp_path / "a.pt")
    assert torch.equal(loaded.pop("weights"), content.pop("weights"))
    assert loaded == content


def test_a_writing_that_fails_leaves_the_old_file(tmp_path):
    path = tmp_path / "file"
    write_whole(path, lambda file: file.write(b"old"))

    def write_half(file):
        file.write(b"ne")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        write_whole(path, write_half)
    assert path.read_bytes() == b"old"
    write_whole(path, lambda file: file.write(b"new"))
    assert [found.name for found in tmp_path.iterdir()] == ["file"]
    assert path.read_bytes() == b"new"


@pytest.mark.parametrize("keep", [0, 1, 100, 0.5, 0.99])
def test_a_truncated_checkpoint_is_named_and_kept(tmp_path, keep):
    small_run(tmp_path, steps=2)
    (tmp_path / "summary.json").unlink()
    path = tmp_path / "checkpoint.pt"
    whole = path.read_bytes()
    part = whole[: int(keep * len(whole)) if isinstance(keep, float) else keep]
    path.write_bytes(part)
    with pytest.raises(CheckpointError) as refused:
        small_run(tmp_path, steps=2)
    assert f"{path} can't be read: it is truncated or damaged" in str(refused.value)
    assert "Nothing was changed. Put a good copy in its place, or choose another folder" in str(refused.value)
    assert path.read_bytes() == part


def test_a_flipped_bit_in_the_weights_is_noticed(tmp_path):
    path = tmp_path / "a.pt"
    save_checkpoint(path, {"weights": torch.full((1000,), 1.2345)})
    damaged = bytearray(path.read_bytes())
    place = damaged.index(torch.tensor(1.2345).numpy().tobytes() * 10)
    damaged[place + 17] ^= 1
    path.write_bytes(damaged)
    with pytest.raises(CheckpointError, match="truncated or damaged"):
        load_checkpoint(path)


def test_code_in_a_checkpoint_is_not_run(tmp_path):
    class Trap:
        def __reduce__(self):
            return (open, (str(tmp_path / "sprung"), "w"))

    with (tmp_path / "a.pt").open("wb") as file:
        pickle.dump(Trap(), file)
    with pytest.raises(CheckpointError, match="can't be read"):
        load_checkpoint(tmp_path / "a.pt")
    assert not (tmp_path / "sprung").exists()


def test_missing_best_weights_are_named(tmp_path):
    small_run(tmp_path, steps=2)
    (tmp_path / "best.pt").unlink()
    with pytest.raises(CheckpointError, match=r"best\.pt is missing, though the run wrote it"):
        small_run(tmp_path, steps=2)


def test_weights_of_another_model_are_refused(tmp_path):
    small_run(tmp_path, steps=2)
    (tmp_path / "summary.json").unlink()
    other = small_model()
    other.head = torch.nn.Linear(5, 99)
    with pytest.raises(CheckpointError, match=r"checkpoint\.pt holds the weights of another model"):
        small_run(tmp_path, other, steps=2)
