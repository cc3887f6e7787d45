"""What one step computes: one family of cells a file, in plain PyTorch."""

from holdfast.cells.cell import AffineCell, Cell
from holdfast.cells.gated import GatedGRU, GatedLSTM
from holdfast.cells.gates import Cumax, Gate, Master, Refine, Sigmoid
from holdfast.cells.gru import GRU
from holdfast.cells.janet import JANET
from holdfast.cells.lstm import LSTM, PeepholeLSTM
from holdfast.cells.memory import Independent, Memory, Tied
from holdfast.cells.nru import NRU
from holdfast.cells.on_lstm import ONLSTM
from holdfast.cells.rnn import RNN, GatedRNN, LeakyRNN

ALL = (RNN, LeakyRNN, GatedRNN, LSTM, PeepholeLSTM, GRU, GatedLSTM, GatedGRU, JANET, ONLSTM, NRU)

__all__ = [
    "ALL",
    "GRU",
    "JANET",
    "LSTM",
    "NRU",
    "ONLSTM",
    "RNN",
    "AffineCell",
    "Cell",
    "Cumax",
    "Gate",
    "GatedGRU",
    "GatedLSTM",
    "GatedRNN",
    "Independent",
    "LeakyRNN",
    "Master",
    "Memory",
    "PeepholeLSTM",
    "Refine",
    "Sigmoid",
    "Tied",
]
