"""What is minimised: the likelihood of the targets, and auxiliary losses on the inputs."""

from holdfast.objectives.asking import readable
from holdfast.objectives.assisted import Assisted, Learnt, Lesson
from holdfast.objectives.auxiliary import Auxiliary
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
    "Assisted",
    "Autoencoder",
    "Auxiliary",
    "CrossEntropy",
    "LanguageModel",
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
    "Stream",
    "Streamed",
    "draw_segments",
    "readable",
]
