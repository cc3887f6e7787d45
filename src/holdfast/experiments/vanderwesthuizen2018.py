"""van der Westhuizen & Lasenby 2018: JANET, an LSTM that is only a forget gate, with chrono initialisation."""

from holdfast.experiments.claims import better, solves, sooner
from holdfast.experiments.experiment import changed, experiments
from holdfast.experiments.question import Question, Scale

SOURCE = "vanderwesthuizen2018unreasonable"
SEEDS = [0, 1, 2]


def pixels(scale: Scale) -> tuple[Question, ...]:
    """Whether a forget gate alone reads MNIST as well as an LSTM.

    Paper: the abstract, test accuracy in percent, mean of 10 runs: MNIST janet 99, lstm 98.5 (two layers of 128);
    pMNIST janet 92.5, lstm 91 (one layer).

    Full: batches of 200, 100 epochs; a day of a core a run (estimated), three hours of a GPU.
    Small: one layer of 64 units on permuted MNIST, three epochs; three minutes of a core a run (estimated).

    Our guesses: no dropout of the outputs, where the paper keeps nine in ten; weights start as PyTorch's do, where its
    code leaves them to TensorFlow; three seeds of its ten.
    """
    papers = {"mnist": _settings({"name": "mnist"}, 784), "permuted-mnist": _settings({"name": "permuted-mnist"}, 784)}
    papers["mnist"] = changed(papers["mnist"], model={"num_layers": 2})
    claims = (better("chrono-janet", than="forget-lstm"),)
    if scale == "full":
        return tuple(Question(task, paper, claims) for task, paper in papers.items())
    paper = papers["permuted-mnist"]
    training = {"steps": 3000, "batch_size": 50, "learning_rate": 2e-3, "evaluate_every": 500}
    return (Question("permuted-mnist", changed(paper, model={"hidden_size": 64}, training=training), claims, paper),)


def synthetic(scale: Scale) -> tuple[Question, ...]:
    """Whether a forget gate alone copies and adds over 200 steps.

    Paper: two figures. Published: no number is known.

    Full: 128 units, batches of 50, 100,000 steps of copying and 90,000 of adding; two hours of a core a run
    (estimated), three of a GPU.
    Small: 4,000 steps of each; five minutes of a core a run (estimated).

    Our guesses: no dropout of the outputs, where the paper keeps nine in ten; fresh sequences, where it repeats a set;
    weights start as PyTorch's do, where its code leaves them to TensorFlow; three seeds of its ten.
    """
    asked = {
        "copying": ({"name": "copying", "lag": 200, "convention": "vanderwesthuizen"}, 221, 100_000),
        "adding": ({"name": "adding", "length": 200, "convention": "arjovsky"}, 200, 90_000),
    }
    claims = (solves("chrono-janet"), sooner("chrono-janet", than="forget-lstm"))
    questions = []
    for name, (task, longest, steps) in asked.items():
        paper = changed(_settings(task, longest), training={"steps": steps, "batch_size": 50, "evaluate_every": 500})
        ours = changed(paper, training={"steps": 4000, "evaluate_every": 200})
        questions.append(Question(name, paper, claims) if scale == "full" else Question(name, ours, claims, paper))
    return tuple(questions)


def _settings(task: dict, longest: int) -> dict:
    """The paper's, for sequences of so many steps; its log U(1, T) is chrono initialisation with t_max T + 1."""
    return {
        "task": task,
        "models": {
            "chrono-janet": {"t_max": longest + 1},
            "forget-lstm": {},
            "chrono-lstm": {"t_max": longest + 1},
        },
        "model": {"hidden_size": 128},
        "training": {
            "steps": 25_000,
            "batch_size": 200,
            "learning_rate": 1e-3,
            "weight_decay": 1e-5,
            "clip_norm": 5.0,
            "evaluate_every": 250,
            "report_every": 50,
        },
        "seeds": SEEDS,
    }


ALL = experiments(SOURCE, pixels, synthetic)
"""Its experiments."""
