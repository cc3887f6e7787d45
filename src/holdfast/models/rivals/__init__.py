"""Networks that are no recurrence, to compare with: of attention, full, local or compressed, and of convolutions."""

from holdfast.models.rivals.catalogue import CAUSAL, RIVALS, CausalRival, Rival
from holdfast.models.rivals.causal import Causal
from holdfast.models.rivals.pooled import PooledModel
from holdfast.models.rivals.tcn import TCN
from holdfast.models.rivals.tdmca import TDMCA
from holdfast.models.rivals.transformer import Transformer
from holdfast.models.rivals.trellis import TrellisNet

__all__ = [
    "CAUSAL",
    "RIVALS",
    "TCN",
    "TDMCA",
    "Causal",
    "CausalRival",
    "PooledModel",
    "Rival",
    "Transformer",
    "TrellisNet",
]
