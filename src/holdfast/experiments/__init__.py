"""Which questions are asked, and what others have answered."""

from holdfast.experiments.literature import Literature, literature, taught
from holdfast.experiments.published import PUBLISHED, Published

__all__ = ["PUBLISHED", "Literature", "Published", "literature", "taught"]
