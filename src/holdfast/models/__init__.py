"""Whole networks: a recurrent layer with what turns its outputs into answers, and rivals that are no recurrence."""

from holdfast.models.blueprint import Blueprint, Model
from holdfast.models.embedded import Embedded
from holdfast.models.embedding import Tokens, embedding
from holdfast.models.rivals import CAUSAL, RIVALS, CausalRival, PooledModel, Rival
from holdfast.models.sequence_model import Readout, SequenceModel

__all__ = [
    "CAUSAL",
    "RIVALS",
    "Blueprint",
    "CausalRival",
    "Embedded",
    "Model",
    "PooledModel",
    "Readout",
    "Rival",
    "SequenceModel",
    "Tokens",
    "embedding",
]
