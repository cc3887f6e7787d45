"""One run in one process: from its checkpoint, if it has one, to its summary."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from functools import partial

from lightning_fabric import Fabric
from torch import nn

from holdfast.tasks import Task
from holdfast.training.checkpoint import load_best, resume
from holdfast.training.divergence import DivergenceError
from holdfast.training.evaluation import evaluate
from holdfast.training.feed import Feed
from holdfast.training.history import Ending, History
from holdfast.training.lessons import provisional_of
from holdfast.training.loop import Loop
from holdfast.training.news import Listener, News
from holdfast.training.optimisers import make_optimiser, parameter_groups
from holdfast.training.progress import Watch
from holdfast.training.record import Record, Summary
from holdfast.training.settings import RunSettings
from holdfast.training.tensorboard import TensorBoard
from holdfast.training.threads import threads


def fit(fabric: Fabric, model: nn.Module, *, task: Task, run: RunSettings, record: Record, watch: Watch) -> None:
    """Trains a model and keeps the record; the model ends with the weights that were best on the validation set.

    Args:
        fabric: launched; one of its processes.
        model: inputs (T, B, I), and lengths (B,) or None, to answers.
        task: what must be remembered.
        run: how it is trained; the record shows the rest.
        record: the run's folder.
        watch: makes what people see.
    """
    with ExitStack() as stack:
        stack.enter_context(threads(run.training.threads))  # here, since a new process has its own number of them
        optimiser = make_optimiser(parameter_groups(model, run.training.weight_decay), run.training)
        network, optimiser = fabric.setup(model, optimiser)
        history = replace(resume(record, model, optimiser), provisional=provisional_of(model))
        listeners = stack.enter_context(_listeners(fabric, task, run, record, history, watch))
        make = partial(task.training_batch, batch_size=run.training.batch_size, seed=run.seed)
        feed = stack.enter_context(Feed(make, first=history.step, last=run.training.steps))
        loop = Loop(fabric, model, network, optimiser, task, run.training, run.seed, feed, record, listeners, history)
        try:
            ending = loop.run()
        except DivergenceError as divergence:
            kept = f". The last good weights are in {record.checkpoint}" if record.checkpoint.exists() else ""
            ending = Ending("diverged", f"{divergence}{kept}")
        _conclude(loop, ending)


@contextmanager
def _listeners(
    fabric: Fabric, task: Task, run: RunSettings, record: Record, history: History, watch: Watch
) -> Iterator[Sequence[Listener]]:
    """Those who hear of the run; in other processes than the first, nobody."""
    if not fabric.is_global_zero:
        yield ()
        return
    record.cut_back(history.step)
    with ExitStack() as open_ones:
        news = News(f"{run.task.name}, {run.model.name}, seed {run.seed}", run.training.steps, task.metric)
        listeners = [record, open_ones.enter_context(watch(news))]
        if run.training.tensorboard:
            board = TensorBoard(record.folder / "tensorboard", history.step)
            listeners.append(open_ones.enter_context(closing(board)))
        yield listeners


def _conclude(loop: Loop, ending: Ending) -> None:
    """The best weights, measured on the test set once, and the summary."""
    history, task = loop.history, loop.task
    best = history.best(task)
    test = None
    loop.fabric.barrier()
    if best is not None:
        load_best(loop.record, loop.model)
    if best is not None and ending.status != "diverged":
        size = loop.settings.evaluation_batch_size
        test = evaluate(loop.fabric, loop.network, loop.model, task, split="test", batch_size=size)
        for listener in loop.listeners:
            listener.append("evaluation", step=int(best["step"]), split="test", **test)
    summary = Summary(
        status=ending.status,
        message=ending.message,
        steps=history.step,
        steps_to_solved=history.steps_to_solved(task),
        seconds=round(history.seconds, 3),
        best_step=None if best is None else int(best["step"]),
        validation=None if best is None else {name: value for name, value in best.items() if name != "step"},
        test=test,
        waited=round(history.waited, 3),
        memory=history.memory,
    )
    if loop.fabric.is_global_zero:
        loop.record.conclude(summary)
