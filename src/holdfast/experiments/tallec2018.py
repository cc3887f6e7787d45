"""Tallec & Ollivier 2018: gates make a network deaf to how fast time passes, and chrono initialisation makes them open
for as long as the task needs.
"""

from holdfast.experiments.claims import better, fails, solves, sooner
from holdfast.experiments.experiment import changed, experiments
from holdfast.experiments.question import Question, Scale

SOURCE = "tallec2018can"
SEEDS = [0, 1, 2]
WARPS = {"small": (10, 50), "full": (10, 20, 50, 100)}


def warping(scale: Scale) -> tuple[Question, ...]:
    """Whether a network still finds the letter before this one when time is stretched.

    Paper: Figure 1, four panels, no table. Published in words: gated-rnn has "zero loss for every warp"; leaky-rnn
    "zero loss if the warp is uniform, clearly above zero if it varies"; rnn "degrades as soon as warping is moderate".

    Full: stretches of 10 to 100 steps (four of the figure's), 5 seeds; two minutes of a core a run, 240 runs; 20
    minutes of a GPU.
    Small: the paper's settings at stretches of 10 and 50 steps, 3 seeds; two minutes of a core a run, 72 runs.

    Our guesses: a learning rate of 1e-3 to begin with; sequences are fresh, where the paper passes three times over
    50,000, and the test has 512 of them, where the paper's has 10,000.
    """
    settings = {
        "models": {"rnn": {}, "leaky-rnn": {}, "gated-rnn": {}},
        "model": {"hidden_size": 64},
        "training": {
            "steps": 4688,  # three passes of 50,000 sequences
            "batch_size": 32,
            "optimiser": "rmsprop",
            "alpha": 0.9,
            "learning_rate": 1e-3,
            "schedule": "plateau",
            "clip_norm": None,
            "evaluate_every": 100,
            "report_every": 50,
        },
        "seeds": [0, 1, 2, 3, 4] if scale == "full" else SEEDS,
    }
    return tuple(
        _panel(task, spacing, warp, settings)
        for task in ("warping", "padding")
        for spacing in ("uniform", "variable")
        for warp in WARPS[scale]
    )


def _panel(task: str, spacing: str, warp: int, settings: dict) -> Question:
    """One stretch in one panel of the figure."""
    leaky = solves("leaky-rnn") if spacing == "uniform" else fails("leaky-rnn")
    claims = (solves("gated-rnn"), leaky, better("gated-rnn", than="rnn"))
    asked = {"name": task, "spacing": spacing, "max_warp": warp, "length": 500}
    return Question(f"{spacing}-{task}-{warp}", {"task": asked, **settings}, claims)


def copy(scale: Scale) -> tuple[Question, ...]:
    """Whether chrono initialisation lets an LSTM copy over 500 and 2,000 steps.

    Paper: a figure. Published in words: chrono-lstm "falls to about 0", lstm (its forget bias starts at 1) "stays near
    chance", which is 10 ln 8 / (T + 20): 0.04 for T = 500, 0.01029 for T = 2,000.

    Full: both lags, 60,000 steps; 90 minutes of a core a run for 500, six hours for 2,000; 10 and 40 of a GPU.
    Small: lag 500 with the paper's settings, 20,000 steps, one seed; half an hour to 50 minutes of a
    core a run.

    Our guess: batches of 32.
    """
    questions = []
    for lag in (500,) if scale == "small" else (500, 2000):
        paper = _chrono({"name": "copying", "lag": lag, "convention": "tallec"}, t_max=3 * lag // 2, steps=60_000)
        claims = (better("chrono-lstm", than="forget-lstm"), fails("forget-lstm"))
        if scale == "small":
            ours = changed(paper, training={"steps": 20_000}, seeds=[0])
            questions.append(Question(f"lag-{lag}", ours, claims, paper))
        else:
            questions.append(Question(f"lag-{lag}", paper, (solves("chrono-lstm"), *claims)))
    return tuple(questions)


def variable_copy(scale: Scale) -> tuple[Question, ...]:
    """The same with gaps that vary from 1 to T.

    Paper: a figure. Published in words: for T = 500 chrono-lstm is "equal to the plain LSTM", whose forget bias starts
    at 1, and that "equal to chrono initialisation"; for T = 1,000 chrono-lstm is "far better than the plain LSTM".

    Full: both lags, 100,000 steps; two and a half hours of a core a run for 500, five for 1,000; 15 and 30 minutes of a
    GPU.
    Small: T = 200, 5,000 steps; two minutes of a core a run.

    Our guess: batches of 32.
    """
    papers = {lag: _varied(lag) for lag in (500, 1000)}
    if scale == "small":
        ours = changed(_varied(200), training={"steps": 5000})
        return (Question("lag-200", ours, (better("chrono-lstm", than="forget-lstm"),), papers[500]),)
    claims = {500: (), 1000: (better("chrono-lstm", than="forget-lstm"), solves("chrono-lstm"))}
    return tuple(Question(f"lag-{lag}", paper, claims[lag]) for lag, paper in papers.items())


def _varied(lag: int) -> dict:
    task = {"name": "copying", "lag": lag, "convention": "tallec", "gap": "per-sequence"}
    return _chrono(task, t_max=lag, steps=100_000)


def adding(scale: Scale) -> tuple[Question, ...]:
    """Whether chrono initialisation lets an LSTM add numbers that are far apart sooner.

    Paper: a figure. Published in words: for T = 200 chrono-lstm "learns much faster than the plain LSTM", for T = 750
    it "learns much faster than the plain LSTM, 7 times"; lstm (its forget bias starts at 1) "learns much more slowly
    than with chrono initialisation". Chance is 0.167.

    Full: T = 200 for 1,000 updates, T = 750 for 5,000; half a minute of a core a run for 200, nine to 17 for 750; one
    minute of a GPU.
    Small: the same; it is the paper's.

    Our guess: batches of 32.
    """
    del scale  # the paper's is small
    questions = []
    for length, steps in ((200, 1000), (750, 5000)):
        paper = _chrono({"name": "adding", "length": length, "convention": "arjovsky"}, t_max=length, steps=steps)
        claims = (sooner("chrono-lstm", than="forget-lstm"), better("chrono-lstm", than="forget-lstm"))
        questions.append(Question(f"length-{length}", changed(paper, training={"evaluate_every": 50}), claims))
    return tuple(questions)


def permuted_mnist(scale: Scale) -> tuple[Question, ...]:
    """Whether chrono initialisation helps where the length is known but not the lag: permuted MNIST.

    Paper: the text of the submission, best accuracy on the validation set: chrono-lstm 96.3 %, lstm (its forget bias
    starts at 1) 95.4 %; on MNIST in its own order no clear difference.

    Full: 512 units, 100 epochs; two days of a core a run (estimated), 20 minutes of a GPU.
    Small: 64 units, three epochs; three minutes of a core a run.

    Our guesses: Adam at 1e-3, batches of 50, 100 epochs.
    """
    paper = _chrono({"name": "permuted-mnist"}, t_max=784, steps=100_000, hidden_size=512)
    training = {"optimiser": "adam", "alpha": None, "batch_size": 50, "evaluate_every": 1000, "clip_norm": 1.0}
    paper = changed(paper, training=training)
    claims = (better("chrono-lstm", than="forget-lstm"),)
    if scale == "full":
        return (Question("permuted-mnist", paper, claims),)
    ours = changed(paper, model={"hidden_size": 64}, training={"steps": 3000, "learning_rate": 2e-3})
    return (Question("permuted-mnist", ours, claims, paper),)


def _chrono(task: dict, *, t_max: int, steps: int, hidden_size: int = 128) -> dict:
    """The paper's LSTM with chrono initialisation beside one with a forget bias of 1."""
    return {
        "task": task,
        "models": {"chrono-lstm": {"t_max": t_max}, "forget-lstm": {}},
        "model": {"hidden_size": hidden_size},
        "training": {
            "steps": steps,
            "batch_size": 32,
            "optimiser": "rmsprop",
            "alpha": 0.9,
            "learning_rate": 1e-3,
            "clip_norm": None,
            "evaluate_every": 500,
            "report_every": 50,
        },
        "seeds": SEEDS,
    }


ALL = experiments(SOURCE, warping, copy, variable_copy, adding, permuted_mnist)
"""Its experiments."""
