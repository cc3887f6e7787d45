"""What is minimised: the likelihood of the targets, auxiliary losses on the inputs, the price of updates."""

from holdfast.objectives.annealed import Annealed, SlopeSettings
from holdfast.objectives.asking import readable
from holdfast.objectives.assisted import Assisted
from holdfast.objectives.auxiliary import Auxiliary
from holdfast.objectives.counted import Budgeted, BudgetSettings, CurriculumSettings, Widened
from holdfast.objectives.learner import Learner, Learnt, Lesson
from holdfast.objectives.likelihood import CrossEntropy, MeanSquaredError
from holdfast.objectives.objective import IGNORE, Objective
from holdfast.objectives.prediction import Prediction, PredictionSettings
from holdfast.objectives.pretraining import Autoencoder, LanguageModel, PretrainingSettings
from holdfast.objectives.reconstruction import Reconstruction, ReconstructionSettings
from holdfast.objectives.segments import Segments, draw_segments
from holdfast.objectives.stream import Stream
from holdfast.objectives.streamed import Streamed

__all__ = [
    "IGNORE",
    "Annealed",
    "Assisted",
    "Autoencoder",
    "Auxiliary",
    "BudgetSettings",
    "Budgeted",
    "CrossEntropy",
    "CurriculumSettings",
    "LanguageModel",
    "Learner",
    "Learnt",
    "Lesson",
    "MeanSquaredError",
    "Objective",
    "Prediction",
    "PredictionSettings",
    "PretrainingSettings",
    "Reconstruction",
    "ReconstructionSettings",
    "Segments",
    "SlopeSettings",
    "Stream",
    "Streamed",
    "Widened",
    "draw_segments",
    "readable",
]
