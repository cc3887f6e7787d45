"""Events as TensorBoard's curves."""

from importlib.util import find_spec
from pathlib import Path


def require_tensorboard() -> None:
    """Says at once, not after an hour, that the extra is missing.

    Raises:
        ValueError: it is.
    """
    if find_spec("tensorboard") is None:
        raise ValueError(
            "training.tensorboard needs the package tensorboard, which is not installed; "
            "install it with: pip install 'holdfast[tensorboard]'"
        )


class TensorBoard:
    """Writes event files that `tensorboard --logdir` shows, one curve a measure.

    Args:
        folder: where the files go.
        step: from here on earlier curves, of an interrupted run, are overwritten.
    """

    def __init__(self, folder: Path, step: int):
        from torch.utils.tensorboard.writer import SummaryWriter

        self.writer = SummaryWriter(str(folder), purge_step=step + 1)

    def append(self, event: str, *, step: int, split: str | None = None, **values: float) -> None:
        for name, value in values.items():
            self.writer.add_scalar(f"{split or event}/{name}", value, step)

    def close(self) -> None:
        self.writer.close()
