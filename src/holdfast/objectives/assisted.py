"""A model that learns with help: the gradient of its labels cut short, and an auxiliary loss on its inputs."""

from typing import Literal, get_args

from torch import Tensor

from holdfast.layers import visit
from holdfast.layers.visits import check_layer, clear_padding
from holdfast.models import SequenceModel
from holdfast.objectives.asking import Gain, asking, readable
from holdfast.objectives.auxiliary import Auxiliary, ends_of
from holdfast.objectives.learner import Learner, Learnt, Lesson

Afterwards = Literal["joint", "fine-tuning"]


class Assisted(Learner):
    """A model, and what helps it to learn; it answers as the model does.

        phase 1, the first `pretraining` steps      min L_auxiliary
        phase 2, joint                              min L_label + L_auxiliary
                 or fine-tuning                     min L_label

    Every step walks over the sequences once without a graph, and comes back with the states at which the gradients
    begin: `truncation` steps before the end for the labels, at the anchors for the auxiliary loss.

        layer = Embedded(embedding("continuous", 1, 128), holdfast.make("lstm", 128, 128))
        model = SequenceModel(layer, 10, readout="last step", head_sizes=(256, 256), dropconnect=0.5)
        learner = Assisted(model, Reconstruction(layer), truncation=300, pretraining=1000)
        train(learner, task, settings)

    Args:
        model: its layer in one direction, time first; its dropout between layers is drawn anew for every walk.
        auxiliary: on the model's layer, or on `readable(model)`; None for labels alone.
        truncation: steps before its end over which a label's gradient passes back through the layer. 1 is the last step
            alone; with 0 only the head learns from labels. None for all.
        gain: whether a label is asked for at the last step, or at each of the last `truncation` ones with a weight that
            grows linearly ("linear").
        pretraining: training steps of phase 1.
        afterwards: what phase 2 minimises.

    Source: trinh2018learning; labels alone: williams1990efficient; linear gain: dai2015semi

    Raises:
        ValueError: a number below 0, pretraining without an auxiliary loss, a gain over no step, or a gain or a
            truncation for a model that is asked at every step.
    """

    leaves_parameters_out = True

    def __init__(
        self,
        model: SequenceModel,
        auxiliary: Auxiliary | None = None,
        *,
        truncation: int | None = None,
        gain: Gain = "last step",
        pretraining: int = 0,
        afterwards: Afterwards = "joint",
    ):
        super().__init__(model)
        check_layer(model.layer)
        if pretraining < 0 or (truncation or 0) < 0:
            raise ValueError(
                f"pretraining and truncation must be at least 0, got {pretraining} and {truncation}; truncation None "
                "is for the whole sequence"
            )
        if afterwards not in get_args(Afterwards):
            raise ValueError(f"afterwards must be 'joint' or 'fine-tuning', got {afterwards!r}")
        if auxiliary is None and pretraining:
            raise ValueError(f"pretraining for {pretraining} steps needs an auxiliary loss to learn from; give one")
        self.auxiliary = auxiliary
        self.truncation, self.pretraining, self.afterwards = truncation, pretraining, afterwards
        self.asking = asking(model, truncation, gain)

    def forward(self, inputs: Tensor, lengths: Tensor | None = None, lesson: Lesson | None = None) -> Tensor | Learnt:
        if lesson is None:
            return self.model(inputs, lengths)
        wanted = self.auxiliary is not None and (lesson.step < self.pretraining or self.afterwards == "joint")
        asked = lesson.step >= self.pretraining
        inputs, ends = clear_padding(inputs, lengths), ends_of(inputs, lengths)
        segments = self.auxiliary.draw(ends, lesson.generator) if self.auxiliary and wanted else None
        label = self.asking.stop(ends) if asked else None
        stops = [] if label is None else [label]
        stops += [self.auxiliary.stop(segments)] if self.auxiliary and segments else []
        states = visit(readable(self.model), inputs, stops)
        answers, weights = None, None
        if asked:
            answers, weights = self.asking.answers(self.model, inputs, lengths, states[0] if label else None)
        if self.auxiliary is None or segments is None:
            return Learnt(answers, None, weights)
        return Learnt(answers, self.auxiliary.total(inputs, segments, states[-1], **lesson._asdict()), weights)
