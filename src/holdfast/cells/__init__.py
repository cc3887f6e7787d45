"""What one step computes: one family of cells a file, in plain PyTorch."""

from holdfast.cells.cell import AffineCell, Cell
from holdfast.cells.clockwork import ClockworkRNN
from holdfast.cells.cornn import CoRNN
from holdfast.cells.derived import DerivedCell
from holdfast.cells.dilated import Dilated
from holdfast.cells.dropped import VariationalDropout, WeightDrop
from holdfast.cells.eurnn import EURNN
from holdfast.cells.exprnn import ExpRNN
from holdfast.cells.gated import GatedGRU, GatedLSTM
from holdfast.cells.gates import Cumax, Gate, Master, Refine, Sigmoid
from holdfast.cells.gaussian import GaussianLSTM
from holdfast.cells.goru import GORU
from holdfast.cells.gru import GRU
from holdfast.cells.hierarchical import HMLSTM
from holdfast.cells.highway import RHN
from holdfast.cells.indrnn import IndRNN
from holdfast.cells.janet import JANET
from holdfast.cells.kaf import KAF, KAFGRU, KAFLSTM
from holdfast.cells.layer_norm import LayerNorm
from holdfast.cells.lem import LEM
from holdfast.cells.linear import LinearCell
from holdfast.cells.lmu import LMU
from holdfast.cells.lru import LRU
from holdfast.cells.lstm import LSTM, PeepholeLSTM
from holdfast.cells.memory import Independent, Memory, Tied
from holdfast.cells.minimal import MinGRU, MinLSTM
from holdfast.cells.modifier import Modifier
from holdfast.cells.noisy import BinaryGateLSTM, NoisyLSTM
from holdfast.cells.normalised import LayerNormLSTM
from holdfast.cells.nru import NRU
from holdfast.cells.on_lstm import ONLSTM
from holdfast.cells.phased import PhasedLSTM
from holdfast.cells.rg_lru import RGLRU
from holdfast.cells.rnn import RNN, GatedRNN, LeakyRNN
from holdfast.cells.skip import Skip
from holdfast.cells.sparing import Sparing
from holdfast.cells.sru import SRU
from holdfast.cells.statistical import StatisticalRU
from holdfast.cells.timed import Clock, TimedLSTM
from holdfast.cells.unicornn import UnICORNN
from holdfast.cells.urnn import URNN
from holdfast.cells.xlstm import MLSTM, SLSTM
from holdfast.cells.zoneout import Zoneout

LINEAR = (MinGRU, MinLSTM, LRU, RGLRU)
ALL = (
    *(RNN, LeakyRNN, GatedRNN, LSTM, PeepholeLSTM, GRU, GatedLSTM, GatedGRU, JANET, ONLSTM, NRU),
    *(KAFLSTM, KAFGRU, BinaryGateLSTM, NoisyLSTM, LayerNormLSTM),
    *(Zoneout, VariationalDropout, WeightDrop, LayerNorm),
    *(*LINEAR, SLSTM, MLSTM, SRU, StatisticalRU),
    *(IndRNN, URNN, EURNN, GORU, ExpRNN),
    *(CoRNN, UnICORNN, LEM, LMU),
    *(GaussianLSTM, PhasedLSTM, Skip),
    *(Dilated, ClockworkRNN, RHN, HMLSTM),
)

__all__ = [
    "ALL",
    "EURNN",
    "GORU",
    "GRU",
    "HMLSTM",
    "JANET",
    "KAF",
    "KAFGRU",
    "KAFLSTM",
    "LEM",
    "LMU",
    "LRU",
    "LSTM",
    "MLSTM",
    "NRU",
    "ONLSTM",
    "RGLRU",
    "RHN",
    "RNN",
    "SLSTM",
    "SRU",
    "URNN",
    "AffineCell",
    "BinaryGateLSTM",
    "Cell",
    "Clock",
    "ClockworkRNN",
    "CoRNN",
    "Cumax",
    "DerivedCell",
    "Dilated",
    "ExpRNN",
    "Gate",
    "GatedGRU",
    "GatedLSTM",
    "GatedRNN",
    "GaussianLSTM",
    "IndRNN",
    "Independent",
    "LayerNorm",
    "LayerNormLSTM",
    "LeakyRNN",
    "LinearCell",
    "Master",
    "Memory",
    "MinGRU",
    "MinLSTM",
    "Modifier",
    "NoisyLSTM",
    "PeepholeLSTM",
    "PhasedLSTM",
    "Refine",
    "Sigmoid",
    "Skip",
    "Sparing",
    "StatisticalRU",
    "Tied",
    "TimedLSTM",
    "UnICORNN",
    "VariationalDropout",
    "WeightDrop",
    "Zoneout",
]
