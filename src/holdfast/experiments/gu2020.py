"""Gu, Gulcehre, Paine, Hoffman & Pascanu 2020: gates that can be learnt near saturation.

Their full text could not be read: the settings come from a third party's code that claims to have them, and † marks a
number that was written down from memory of the paper.
"""

from dataclasses import replace

from holdfast.experiments.claims import accurate, better, fails, solves, sooner
from holdfast.experiments.experiment import changed, experiments
from holdfast.experiments.published import ABLATION, HEADLINE, S4
from holdfast.experiments.question import Question, Scale

SOURCE = "gu2020improving"
SEEDS = [0, 1, 2]


def gates(steps: int, *names: str) -> dict[str, dict[str, int]]:
    """Rows of the ablation, for a task of so many steps; chrono initialisation must know it."""
    return {name: {"t_max": steps} if name == "tied-chrono-lstm" else {} for name in names}


SIX = ("tied-lstm", "tied-chrono-lstm", "uniform-lstm", "refine-lstm", "ur-lstm", "or-lstm")
NINE = (*SIX, "cumax-lstm", "om-lstm", "um-lstm")


def synthetic(task: dict, longest: int, *, steps: int, evaluate_every: int) -> dict:
    """The paper's settings for copying and adding, over sequences of `longest` steps."""
    return {
        "task": task,
        "models": gates(longest, *SIX),
        "model": {"hidden_size": 256},
        "training": {
            "steps": steps,
            "batch_size": 10,
            "learning_rate": 1e-3,
            "evaluate_every": evaluate_every,
            "report_every": 50,
            "stop_when_solved": True,
        },
        "seeds": SEEDS,
    }


def copy(scale: Scale) -> tuple[Question, ...]:
    """Which gates learn to copy ten letters over a long gap.

    Paper: the copy task, a figure. Published in words alone: ur-lstm and or-lstm "solves it fast" †, tied-lstm "makes
    the least progress" †.

    Full: lag 480, 256 units, batches of 10, 10,000 steps; some 20 minutes of a core a run (estimated), 40 of a GPU.
    Small: lag 200, 128 units; two minutes of a core a run.

    Our guess: T_max of C- is the length of the task.
    """
    task = {"name": "copying", "lag": 480, "convention": "gu"}
    paper = synthetic(task, 500, steps=10_000, evaluate_every=250)
    claims = (
        solves("ur-lstm"),
        sooner("ur-lstm", than="uniform-lstm"),
        better("uniform-lstm", than="tied-lstm"),
        better("refine-lstm", than="tied-lstm"),
        fails("tied-lstm"),
    )
    if scale == "full":
        return (Question("copying", paper, claims),)
    training = {"steps": 5000, "batch_size": 20, "learning_rate": 5e-3}
    ours = {"task": {"lag": 200}, "models": gates(220, *SIX), "model": {"hidden_size": 128}, "training": training}
    return (Question("copying", changed(paper, **ours), claims, paper),)


def adding(scale: Scale) -> tuple[Question, ...]:
    """Which gates learn to add two numbers that are far apart.

    Paper: the adding task, a figure. Published in words alone: ur-lstm and or-lstm "solves it fast" †, tied-lstm "makes
    the least progress" †; no other row solves it fast †.

    Full: 2,000 steps, 256 units, batches of 10, 100,000 updates; some 14 hours of a core a run (estimated), 28 of a
    GPU.
    Small: 400 steps, 64 units; under a minute of a core a run.

    Our guess: T_max of C- is the length of the task; solved means a tenth of chance.
    """
    task = {"name": "adding", "length": 2000, "convention": "arjovsky"}
    paper = synthetic(task, 2000, steps=100_000, evaluate_every=1000)
    claims = (
        solves("ur-lstm"),
        sooner("ur-lstm", than="tied-lstm"),
        better("uniform-lstm", than="tied-lstm"),
    )
    if scale == "full":
        return (Question("adding", paper, (*claims, fails("tied-lstm"))),)
    training = {"steps": 3000, "batch_size": 20, "learning_rate": 2e-3, "evaluate_every": 100}
    ours = {"task": {"length": 400}, "models": gates(400, *SIX), "model": {"hidden_size": 64}, "training": training}
    return (Question("adding", changed(paper, **ours), claims, paper),)


def ablation(scale: Scale) -> tuple[Question, ...]:
    """Nine gates on pictures that are read pixel by pixel.

    Paper: the ablation table, in percent of the validation set; a star there marks runs that diverged at the best rate.

        row            -       C-     O-     U-     R-      OM      OR     UM      UR
        pMNIST         94.77*  94.69  96.17  96.05  95.84*  93.98   96.4   95.5    96.43   †
        CIFAR-10       63.24*  65.6   67.78  67.63  71.85*  67.73*  70.41  67.29*  71.05   †
        with GRUs      71.3*   64.61                                               71.04   †, not asked here

    Full: 512 units, head of 256, batches of 50, 150 epochs; three days of a core a run or more (estimated), 16 to 19
    hours of a GPU.
    Small: 64 units, three epochs of permuted MNIST and of CIFAR-10; three to four minutes of a core a run.

    Our guesses: T_max of C- is the length of the sequence; one learning rate, 1e-3, where the paper takes the best of
    three; 512 units are recalled, batches and epochs are those of the third party's code for 1,024.
    """
    questions = []
    for task, steps, epoch in (("permuted-mnist", 784, 1000), ("cifar10", 1024, 900)):
        paper = pictures(task, epoch, models=gates(steps, *NINE), hidden_size=512)
        claims = (
            better("ur-lstm", than="tied-lstm"),
            better("ur-lstm", than="um-lstm"),
            better("or-lstm", than="om-lstm"),
            better("refine-lstm", than="tied-lstm"),
            better("uniform-lstm", than="tied-lstm"),
        )
        ours = changed(paper, model={"hidden_size": 64}, training={"steps": 3 * epoch, "learning_rate": 2e-3})
        asked = Question(task, ours, claims, paper) if scale == "small" else Question(task, paper, claims)
        questions.append(replace(asked, places=(ABLATION,)))
    return tuple(questions)


def headline(scale: Scale) -> tuple[Question, ...]:
    """How well UR gates read pictures pixel by pixel, beside a plain LSTM.

    Paper: the table of test accuracies in percent, as Gu et al. 2022 (S4) quote it.

        model      MNIST   pMNIST  CIFAR-10
        lstm       98.9    95.11   63.01
        ur-lstm    99.28   96.96   71
        ur-gru     99.27   96.51   74.4     probably with zoneout as well

    Another table has zoneout-ur-lstm with 99.21, 97.58 and 74.34, all †.

    Full: 1,024 units, head of 256, batches of 50, 150 epochs; two weeks of a core a run (estimated), 16 to 19 hours of
    a GPU, the LSTM under one.
    Small: 64 units, three epochs; three to four minutes of a core a run.

    Our guesses: a learning rate of 1e-3 for all; the rates of zoneout.
    """
    questions = []
    for task, epoch, accuracy in (("mnist", 1000, 0.99), ("permuted-mnist", 1000, 0.965), ("cifar10", 900, 0.70)):
        models = {"lstm": {}, "ur-lstm": {}, "ur-gru": {}, "zoneout-ur-lstm": {}, "zoneout-ur-gru": {}}
        paper = pictures(task, epoch, models=models, hidden_size=1024)
        claims = (better("ur-lstm", than="lstm"), better("ur-gru", than="lstm"))
        ours = changed(paper, model={"hidden_size": 64}, training={"steps": 3 * epoch, "learning_rate": 2e-3})
        full = Question(task, paper, (*claims, accurate("ur-lstm", accuracy)))
        asked = Question(task, ours, claims, paper) if scale == "small" else full
        questions.append(replace(asked, places=(S4, HEADLINE)))
    return tuple(questions)


def pictures(task: str, epoch: int, *, models: dict[str, dict[str, int]], hidden_size: int) -> dict:
    """The paper's settings for pictures; an epoch is so many updates."""
    return {
        "task": {"name": task},
        "models": models,
        "model": {"hidden_size": hidden_size, "head_sizes": [256]},
        "training": {
            "steps": 150 * epoch,
            "batch_size": 50,
            "learning_rate": 1e-3,
            "evaluate_every": epoch,
            "report_every": 100,
        },
        "seeds": SEEDS,
    }


ALL = experiments(SOURCE, copy, adding, ablation, headline)
"""Its experiments."""
