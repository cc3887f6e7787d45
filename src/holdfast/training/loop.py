"""The training loop."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter

import torch
from lightning_fabric import Fabric
from torch import nn
from torch.optim import Optimizer

from holdfast.tasks import Batch, Task
from holdfast.training.chance import lesson_chance, seed_chance
from holdfast.training.checkpoint import keep
from holdfast.training.clipping import tame
from holdfast.training.divergence import require_finite, require_finite_measures, require_finite_parameters
from holdfast.training.evaluation import added, evaluate, own_rows
from holdfast.training.feed import Feed
from holdfast.training.history import Ending, History
from holdfast.training.lessons import pretraining_of, terms
from holdfast.training.memory import Taken
from holdfast.training.news import Listener
from holdfast.training.optimisers import set_learning_rate
from holdfast.training.record import Record
from holdfast.training.schedules import learning_rate
from holdfast.training.settings import TrainingSettings


@dataclass(frozen=True)
class Loop:
    """A model on its way through a task: updates, and now and then an evaluation and a checkpoint.

    Args:
        fabric: devices, precision, processes.
        model: its parameters, under their own names.
        network, optimiser: the model and its optimiser, as `fabric.setup` returned them.
        task, settings, seed: what is learnt, and how.
        feed: the batches, from the step on where the run stands.
        record: where checkpoints go.
        listeners: who hears of each event; nobody except in the first process.
        history: where the run stands.
    """

    fabric: Fabric
    model: nn.Module
    network: nn.Module
    optimiser: Optimizer
    task: Task
    settings: TrainingSettings
    seed: int
    feed: Feed
    record: Record
    listeners: Sequence[Listener]
    history: History

    def run(self) -> Ending:
        """Trains until the run is over.

        Raises:
            DivergenceError: a number is not finite; the last checkpoint is from before that.
        """
        self.network.train()
        pretraining, memory = pretraining_of(self.model), Taken(self.fabric.device)
        while (ending := self.history.ending(self.task, self.settings, pretraining=pretraining)) is None:
            self.update()
            if self.history.step % self.settings.evaluate_every == 0 or self.history.step == self.settings.steps:
                self.history.memory = memory.most(self.history.memory)
                self.evaluate()
                memory.watch()
        return ending

    def update(self) -> None:
        """Moves the parameters once."""
        started, step, waited = perf_counter(), self.history.step, self.feed.waited
        pretraining = pretraining_of(self.model)
        rate = learning_rate(self.settings, step, self.history.losses(pretraining), pretraining=pretraining)
        set_learning_rate(self.optimiser, rate)
        seed_chance(self.seed, step, self.fabric.global_rank)
        batch = self.feed.take()
        losses = self.backward(own_rows(self.fabric, batch).to(self.fabric.device))
        loss = sum(losses.values())
        norm = self.clip()
        require_finite(step, inputs=batch.inputs, loss=loss, gradient_norm=norm, model=self.model)
        self.optimiser.step()
        self.optimiser.zero_grad()
        self.history.step += 1
        self.history.seconds += perf_counter() - started
        self.history.waited += self.feed.waited - waited
        if self.history.step % self.settings.report_every == 0:
            told = {"loss": loss} | (losses if pretraining or len(losses) > 1 else {})
            self.tell("train", **told, gradient_norm=norm, learning_rate=rate, waited=round(self.history.waited, 3))

    def backward(self, rows: Batch) -> dict[str, float]:
        """Adds up the gradients of the losses, each a mean over what counts in all processes; returns them by name.

        Processes average their gradients. So that they add up instead, each scales its own by the number of processes.
        """
        step = self.history.step
        chance = lesson_chance(self.seed, step, self.fabric.global_rank)
        with self.fabric.autocast():
            found = terms(self.network, self.model, self.task.objective, rows, step=step, generator=chance)
        losses = {term.name: term.total / added(self.fabric, term.count).clamp(min=1) for term in found}
        self.fabric.backward(torch.stack(list(losses.values())).sum() * self.fabric.world_size)
        return {name: float(added(self.fabric, loss.detach())) for name, loss in losses.items()}

    def clip(self) -> float:
        """Scales the gradient down to `clip_norm` if it is larger; returns its norm before that."""
        limit = self.settings.clip_norm or math.inf
        scale = tame(self.model, limit)
        norm = self.fabric.clip_gradients(self.network, self.optimiser, max_norm=limit, error_if_nonfinite=False)
        assert norm is not None
        return float(norm) / scale

    def evaluate(self) -> None:
        """Measures the model on the validation set and keeps it, as the latest and, if it is, as the best."""
        require_finite_parameters(self.history.step, self.model)
        size = self.settings.evaluation_batch_size
        measures = evaluate(self.fabric, self.network, self.model, self.task, split="validation", batch_size=size)
        require_finite_measures(self.history.step, measures)
        self.history.evaluations.append({"step": self.history.step, **measures})
        self.tell("evaluation", split="validation", **measures)
        if self.fabric.is_global_zero:
            keep(self.record, self.model, self.optimiser, self.history, self.task)

    def tell(self, event: str, **values: float | str) -> None:
        """Lets all listeners know."""
        for listener in self.listeners:
            listener.append(event, step=self.history.step, **values, seconds=round(self.history.seconds, 3))
