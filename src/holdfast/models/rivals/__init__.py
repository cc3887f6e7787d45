"""Networks that are no recurrence, to compare with: a Transformer, and one whose attention is local or compressed."""

from holdfast.models.rivals.catalogue import RIVALS, Rival
from holdfast.models.rivals.pooled import PooledModel
from holdfast.models.rivals.tdmca import TDMCA
from holdfast.models.rivals.transformer import Transformer

__all__ = ["RIVALS", "TDMCA", "PooledModel", "Rival", "Transformer"]
