"""Pictures read as sequences."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from holdfast.tasks.batch import Batch
from holdfast.tasks.classification import Classification
from holdfast.tasks.images import Images
from holdfast.tasks.orders import Order
from holdfast.tasks.sources import PictureSource


@dataclass(frozen=True, kw_only=True)
class PictureTask(Classification):
    """Read a picture step by step; after its last step, say what it shows.

    Args:
        train_examples: train on so many pictures; None for all.
        validation_examples: validate on so many pictures; None for all. The test set is always whole.
    """

    order: ClassVar[Order]
    what: ClassVar[str] = "picture"

    @property
    @abstractmethod
    def source(self) -> PictureSource:
        """Where the pictures come from."""

    @property
    def classes(self) -> int:
        return 10

    @property
    def input_size(self) -> int:
        _, width, channels = self.source.size
        return self.order.input_size(width, channels)

    @property
    def steps(self) -> int:
        height, width, _ = self.source.size
        return self.order.steps(height, width)

    def arranged(self, examples: Images) -> Batch:
        return Batch(self.order.arrange(examples.scaled()), examples.labels)
