"""Chandar, Sankar, Vorontsov, Ebrahimi Kahou & Bengio 2019: a memory without saturating gates, at equal parameters.

The paper's full text could not be read: the settings are those of the authors' research code, so are the cells and how
they start, and every model has as many parameters as there, to the last one. Only the map to the answers starts as
torch's does, where the NRU's, at least, starts as Glorot has it. † marks numbers that were written down from memory of
the paper.
"""

from collections.abc import Mapping

from holdfast.experiments.claims import better, fails, solves, sooner
from holdfast.experiments.experiment import changed, experiments
from holdfast.experiments.question import Question, Scale

SOURCE = "chandar2019towards"
SEEDS = [0, 1, 2]


def models(t_max: int, sizes: Mapping[str, int], *, memory_size: int, statistics: tuple[int, int]) -> dict[str, dict]:
    """The models of the comparison at about equal parameters, each as in the authors' code; that has no EURNN or GORU.

    Recurrent matrices start orthogonal, those of the input as Glorot has it; the LSTM has peepholes, and JANET no
    offset.

    Args:
        t_max: longest forgetting time at the start, in steps.
        sizes: units of each.
        memory_size: of the NRU.
        statistics: of the statistical recurrent unit, how many there are and how many numbers sum them up.
    """
    options = {
        "nru": {"memory_size": memory_size, "heads": 4},
        "orthogonal-chrono-lstm": {"t_max": t_max},
        "orthogonal-janet": {"t_max": t_max, "beta": 0.0},
        "statistical-ru": dict(zip(("statistics_size", "summary_size"), statistics, strict=True)),
    }
    return {name: {"hidden_size": size, **options.get(name, {})} for name, size in sizes.items()}


SIZES = {
    "nru": 80,
    "orthogonal-lstm": 70,
    "orthogonal-chrono-lstm": 70,
    "orthogonal-gru": 82,
    "orthogonal-janet": 101,
    "orthogonal-rnn": 143,
    "identity-rnn": 143,
    "statistical-ru": 60,
}
"""Units of each at about 23,500 parameters."""


def recall(task: dict, t_max: int) -> dict:
    """The settings of copying and denoising."""
    return {
        "task": {"convention": "chandar", **task},
        "models": models(t_max, SIZES, memory_size=64, statistics=(55, 16)),
        "training": {
            "steps": 200_000,
            "batch_size": 10,
            "learning_rate": 1e-3,
            "evaluate_every": 500,
            "report_every": 100,
            "stop_when_solved": True,
        },
        "seeds": SEEDS,
    }


def copying(scale: Scale) -> tuple[Question, ...]:
    """Who copies ten letters over 100 and 200 steps, at 23,500 parameters.

    Paper: a figure. Published in words: nru "solves it" †, chrono-lstm "solves it" †, orthogonal-rnn "does not solve
    it" †.

    Full: lags 100 and 200, up to 200,000 steps; 20 minutes of a core a run for 100 and 40 for 200, at most; three hours
    of a GPU and more.
    Small: lag 100, up to 40,000 steps; five to nine minutes of a core a run.

    Our guess: plain Adam and a clip at 1 for all, where the code takes AMSGrad and 0.5 for the NRU.
    """
    claims = (solves("nru"), sooner("nru", than="orthogonal-lstm"), better("nru", than="orthogonal-rnn"))
    return _both(scale, "fixed", (*claims, fails("orthogonal-rnn")))


def variable_copying(scale: Scale) -> tuple[Question, ...]:
    """The same with a gap that is drawn anew for each batch.

    Paper: a figure. Published in words: nru "solves it" †.

    Full: gaps up to 100 and 200, up to 200,000 steps; 20 minutes of a core a run for 100 and 40 for 200, at most; three
    hours of a GPU and more.
    Small: gaps up to 100, up to 40,000 steps; four minutes of a core a run at most.

    Our guess: plain Adam and a clip at 1 for all, where the code takes AMSGrad for the NRU at 200.
    """
    return _both(scale, "per-batch", (solves("nru"), better("nru", than="orthogonal-rnn")))


def _both(scale: Scale, gap: str, claims: tuple) -> tuple[Question, ...]:
    asked = {lag: recall({"name": "copying", "lag": lag, "gap": gap}, lag + 20) for lag in (100, 200)}
    if scale == "full":
        return tuple(Question(f"lag-{lag}", paper, claims) for lag, paper in asked.items())
    return (Question("lag-100", changed(asked[100], training={"steps": 40_000}), claims, asked[100]),)


def denoising(scale: Scale) -> tuple[Question, ...]:
    """Who picks ten letters out of 100 noisy steps, at 23,500 parameters.

    Paper: a figure. Published in words: nru "solves it" †.

    Full: up to 200,000 steps; 20 minutes of a core a run at most, three hours of a GPU.
    Small: up to 40,000 steps; two to six minutes of a core a run.
    """
    paper = recall({"name": "denoising", "lag": 100}, 111)
    claims = (solves("nru"), sooner("nru", than="orthogonal-lstm"), better("nru", than="orthogonal-rnn"))
    if scale == "full":
        return (Question("lag-100", paper, claims),)
    return (Question("lag-100", changed(paper, training={"steps": 40_000}), claims, paper),)


def permuted_mnist(scale: Scale) -> tuple[Question, ...]:
    """Who reads MNIST in a scrambled order best, at equal parameters.

    Paper: the pMNIST table, test accuracy in percent, all †: nru 95.38, gru 92.39, janet 91.94, lstm 89.86,
    orthogonal-rnn 89.26, chrono-lstm 88.43, identity-rnn 86.13, statistical-ru 92.49; goru 87, not asked here.

    Full: 165,000 parameters, batches of 100, 100 epochs; ten hours of a core a run or more (estimated), five of a GPU.
    Small: 17,700 parameters, three epochs, one seed; three minutes of a core a run, the NRU five. So small a NRU begins
    with a loss of thousands and ends early; relu-nru, the same with ReLU heads, does not.

    Ours read the class after the last pixel, where the code adds a step of zeros.
    """
    sizes = dict(zip(SIZES, (212, 200, 200, 232, 283, 400, 400, 150), strict=True))
    paper = {
        "task": {"name": "permuted-mnist"},
        "models": models(785, sizes, memory_size=256, statistics=(155, 50)),
        "training": {
            "steps": 50_000,
            "batch_size": 100,
            "learning_rate": 1e-3,
            "evaluate_every": 500,
            "report_every": 100,
        },
        "seeds": SEEDS,
    }
    claims = (
        better("nru", than="orthogonal-lstm"),
        better("nru", than="orthogonal-gru"),
        better("orthogonal-gru", than="orthogonal-lstm"),
        better("orthogonal-lstm", than="orthogonal-chrono-lstm"),
    )
    if scale == "full":
        return (Question("permuted-mnist", paper, claims),)
    few = dict(zip(sizes, (62, 64, 64, 74, 91, 126, 126, 50), strict=True))
    training = {"steps": 3000, "batch_size": 50, "learning_rate": 2e-3}
    ours = changed(paper, models=models(785, few, memory_size=64, statistics=(50, 15)), training=training, seeds=[0])
    ours["models"]["relu-nru"] = {"name": "nru", "head_activation": "relu", **ours["models"]["nru"]}
    claims = (*claims, better("relu-nru", than="orthogonal-lstm"), better("relu-nru", than="orthogonal-gru"))
    return (Question("permuted-mnist", ours, claims, paper),)


ALL = experiments(SOURCE, copying, variable_copying, denoising, permuted_mnist)
"""Its experiments."""
