"""What is minimised: the likelihood of the targets, and auxiliary losses on the inputs."""

from holdfast.objectives.auxiliary import Auxiliary
from holdfast.objectives.likelihood import CrossEntropy, MeanSquaredError
from holdfast.objectives.objective import IGNORE, Objective
from holdfast.objectives.prediction import Prediction, PredictionSettings
from holdfast.objectives.reconstruction import Reconstruction, ReconstructionSettings
from holdfast.objectives.segments import Segments, draw_segments

__all__ = [
    "IGNORE",
    "Auxiliary",
    "CrossEntropy",
    "MeanSquaredError",
    "Objective",
    "Prediction",
    "PredictionSettings",
    "Reconstruction",
    "ReconstructionSettings",
    "Segments",
    "draw_segments",
]
