"""A model as plain values, from which it is built: in a run, and again wherever its weights go."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any, Self

import torch

from holdfast.layers import make
from holdfast.models.embedding import Tokens, embedding
from holdfast.models.rivals import CAUSAL, RIVALS, PooledModel
from holdfast.models.sequence_model import Readout, SequenceModel

Model = SequenceModel | PooledModel


@dataclass(frozen=True, kw_only=True)
class Blueprint:
    """What a model is made of: a name, sizes and options.

        blueprint = Blueprint(name="ur-lstm", input_size=10, output_size=8, hidden_size=64)
        model = blueprint.build(torch.Generator().manual_seed(0))

    Args:
        name: of a layer of the catalogue, or of a network that is no recurrence.
        input_size: channels of an input step, or how many symbols there are.
        output_size: classes or values of an answer.
        hidden_size: units of each cell, or the width of the steps.
        tokens: what stands at a step of the input.
        readout: where the model is asked.
        embedding_size: width to which inputs are embedded; None for none in a recurrent model.
        head_sizes: widths of ReLU layers before the answer.
        dropconnect: probability with which a weight of the head's second linear map is zeroed while training.
        options: what else the layer or network is told, values that JSON can hold.
    """

    name: str
    input_size: int
    output_size: int
    hidden_size: int
    tokens: Tokens = "continuous"
    readout: Readout = "every step"
    embedding_size: int | None = None
    head_sizes: tuple[int, ...] = ()
    dropconnect: float = 0.0
    options: Mapping[str, Any] = field(default_factory=dict)

    def build(self, generator: torch.Generator | None = None) -> Model:
        """The model, its parameters drawn anew.

        Args:
            generator: source of the initial parameters; torch's global one unless given.

        Raises:
            ValueError: there is no model of that name, or an option is unknown, missing or out of its range.
        """
        return self._rival(generator) if self.name in RIVALS else self._recurrent(generator)

    def _recurrent(self, generator: torch.Generator | None) -> SequenceModel:
        width = self.embedding_size
        build = CAUSAL[self.name].build if self.name in CAUSAL else partial(make, self.name)
        layer = build(width or self.input_size, self.hidden_size, **self.options, generator=generator)
        return SequenceModel(
            layer,
            self.output_size,
            readout=self.readout,
            head_sizes=self.head_sizes,
            dropconnect=self.dropconnect,
            embedding=None if width is None else embedding(self.tokens, self.input_size, width, generator=generator),
            generator=generator,
        )

    def _rival(self, generator: torch.Generator | None) -> PooledModel:
        if self.readout != "last step":
            raise ValueError(f"{self.name} gives one answer a sequence: its readout must be 'last step'")
        encoder = RIVALS[self.name].build(self.hidden_size, **self.options, generator=generator)
        return PooledModel(
            encoder,
            self.output_size,
            embedding=embedding(self.tokens, self.input_size, self.hidden_size, generator=generator),
            head_sizes=self.head_sizes,
            dropconnect=self.dropconnect,
            generator=generator,
        )

    def as_dict(self) -> dict[str, Any]:
        """As it stands in a file."""
        return {**asdict(self), "head_sizes": list(self.head_sizes), "options": dict(self.options)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The inverse of `as_dict`.

        Raises:
            ValueError: a value is missing, or one is not known.
        """
        try:
            return cls(**{**values, "head_sizes": tuple(values["head_sizes"])})
        except (TypeError, KeyError) as error:
            raise ValueError(f"these are not the values of a model ({error})") from None
