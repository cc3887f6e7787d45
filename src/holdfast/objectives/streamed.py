"""A model that reads on and on: its state is carried from batch to batch, and from run to run."""

from typing import Any

from torch import Tensor, nn

from holdfast.models import SequenceModel
from holdfast.objectives.asking import readable
from holdfast.objectives.stream import Stream


class Streamed(nn.Module):
    """A model for a task without an end, whose gradient goes back over the last `window` steps.

        model = SequenceModel(layer, task.output_size, embedding=embedding("symbols", task.input_size, 128))
        train(Streamed(model, window=200), task, settings)

    In training one stream is read, in evaluation another, so that the one goes on where it was. Where all rows begin
    anew, a stream is begun anew. The state is part of what `state_dict` saves: a run that was killed goes on in the
    middle of its text.

    Args:
        model: asked at every step; its layer in one direction, time first.
        window: steps over which a gradient passes back, counted from the last of a batch; at least those of a batch.
            None for these.

    Source: williams1990efficient

    Raises:
        ValueError: a window below 1, or a model that is asked at the last step, or can't be carried on.
    """

    def __init__(self, model: SequenceModel, *, window: int | None = None):
        super().__init__()
        if model.readout != "every step":
            raise ValueError("a stream has no last step; give a model that is asked at every step")
        self.model = model
        self.learnt, self.evaluated = Stream(readable(model), window=window), Stream(readable(model))

    def forward(self, inputs: Tensor, reset: Tensor | None = None) -> Tensor:
        """The answers (T, B, O) at the next steps.

        Args:
            inputs: (T, B, I), or symbols (T, B).
            reset: (T, B) bool: where a row begins anew.
        """
        stream = self.learnt if self.training else self.evaluated
        if reset is not None and bool(reset[0].all()):
            stream.forget()
        return self.model.head(stream.read(inputs, reset=reset))

    def get_extra_state(self) -> dict[str, Any]:
        return self.learnt.standing()

    def set_extra_state(self, state: dict[str, Any]) -> None:
        self.learnt.resume(state, next(self.parameters()).device)
