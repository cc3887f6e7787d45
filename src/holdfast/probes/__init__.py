"""What a layer remembers, and for how long: measured on any recurrent layer and any batch."""

from holdfast.probes.forgetting import Forgetting, NoDistanceError, forgetting_curve
from holdfast.probes.gates import KEEPING, correlation_with_time, gates_of, saturation, time_scales
from holdfast.probes.gradients import directions, gradient_by_lag
from holdfast.probes.lags import LagSearch, longest_lag
from holdfast.probes.probe import GateProbe, Probe, probe
from holdfast.probes.recording import Track, record
from holdfast.probes.shapes import GateShape, learnt_shapes
from holdfast.probes.spectrum import jacobian_spectrum

__all__ = [
    "KEEPING",
    "Forgetting",
    "GateProbe",
    "GateShape",
    "LagSearch",
    "NoDistanceError",
    "Probe",
    "Track",
    "correlation_with_time",
    "directions",
    "forgetting_curve",
    "gates_of",
    "gradient_by_lag",
    "jacobian_spectrum",
    "learnt_shapes",
    "longest_lag",
    "probe",
    "record",
    "saturation",
    "time_scales",
]
