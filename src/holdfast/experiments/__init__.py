"""Which questions are asked, and what others have answered.

What an experiment costs a core was measured over a few updates where it is small, and is reckoned from that where it is
full. No GPU was at hand: what it costs one is an estimate, half a millisecond a time step and update for layers that
run step by step there, a fiftieth of that for those that torch has a kernel for.
"""

from holdfast.experiments import (
    campos2018,
    chandar2019,
    gu2020,
    scardapane2018,
    tallec2018,
    thornton2019,
    trinh2018,
    vanderwesthuizen2018,
)
from holdfast.experiments.claims import NEAR_CHANCE, Claim, Outcome, Verdict, near_chance
from holdfast.experiments.experiment import Experiment
from holdfast.experiments.literature import Literature, literature, taught
from holdfast.experiments.published import PUBLISHED, Published
from holdfast.experiments.question import SCALES, Question, Scale

PAPERS = (
    *(tallec2018, gu2020, chandar2019, scardapane2018, trinh2018, vanderwesthuizen2018),
    *(campos2018, thornton2019),
)
EXPERIMENTS: dict[str, Experiment] = {experiment.name: experiment for paper in PAPERS for experiment in paper.ALL}
"""Every experiment by its name on the command line, such as gu2020/copy."""

__all__ = [
    "EXPERIMENTS",
    "NEAR_CHANCE",
    "PUBLISHED",
    "SCALES",
    "Claim",
    "Experiment",
    "Literature",
    "Outcome",
    "Published",
    "Question",
    "Scale",
    "Verdict",
    "literature",
    "near_chance",
    "taught",
]
