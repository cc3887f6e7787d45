"""Networks made from differential equations: oscillators, time scales, a window of the past."""

from holdfast import cells
from holdfast.layers.catalogue.entry import Entry

GROUP = "oscillators"

ENTRIES = (
    Entry("cornn", GROUP, "damped oscillators, coupled and driven", cells.CoRNN, ("rusch2021coupled",)),
    Entry("unicornn", GROUP, "undamped oscillators, each on its own", cells.UnICORNN, ("rusch2021unicornn",)),
    Entry("lem", GROUP, "two coupled states with learnt time steps", cells.LEM, ("rusch2022long",)),
    Entry("lmu", GROUP, "a window of the past in Legendre polynomials", cells.LMU, ("voelker2019legendre",)),
)
