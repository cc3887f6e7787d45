"""Whole networks: a recurrent layer with what turns its outputs into answers."""

from holdfast.models.embedded import Embedded
from holdfast.models.embedding import Tokens, embedding
from holdfast.models.sequence_model import Readout, SequenceModel

__all__ = ["Embedded", "Readout", "SequenceModel", "Tokens", "embedding"]
