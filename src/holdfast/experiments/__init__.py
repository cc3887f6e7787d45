"""Which questions are asked, and what others have answered."""

from holdfast.experiments import gu2020
from holdfast.experiments.claims import Claim, Outcome, Verdict
from holdfast.experiments.experiment import Experiment
from holdfast.experiments.literature import Literature, literature, taught
from holdfast.experiments.published import PUBLISHED, Published
from holdfast.experiments.question import SCALES, Question, Scale

EXPERIMENTS: dict[str, Experiment] = {experiment.name: experiment for paper in (gu2020,) for experiment in paper.ALL}
"""Every experiment by its name on the command line, such as gu2020/copy."""

__all__ = [
    "EXPERIMENTS",
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
    "taught",
]
