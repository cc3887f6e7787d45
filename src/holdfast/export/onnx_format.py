"""Programs as ONNX, checked in onnxruntime against what they were made from."""

import copy
import logging
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from torch import Tensor

from holdfast.export.programs import Program, free, quietly

NEEDED = ("onnx", "onnxscript", "onnxruntime")
SIZES = ({"time": 1, "batch": 1}, {"time": 3, "batch": 4}, {"time": 40, "batch": 3})
"""Those at which onnxruntime is compared with PyTorch: none is that of the export."""
TOLERANCE = 1e-5


class ExportError(ValueError):
    """A model that can't be exported to ONNX, or not on this machine, with what to do about it."""


def require_onnx() -> None:
    """Passes if the packages for ONNX are installed.

    Raises:
        ExportError: they are not; the message says how to get them.
    """
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise ExportError(
            f"ONNX needs {' and '.join(missing)}, not installed here: pip install 'holdfast[onnx]', or export without "
            "it: --formats weights torch"
        )


@dataclass(frozen=True)
class Check:
    """How onnxruntime did over random inputs of several lengths and batches: the largest |a - b| / max(1, |b|).

    Args:
        difference: of onnxruntime from PyTorch.
        rounding: of PyTorch from itself in double precision. A trained network may multiply its rounding errors.
    """

    difference: float
    rounding: float

    @property
    def passed(self) -> bool:
        """Within 1e-5; beyond that only some times as far as PyTorch's own numbers are from the right ones."""
        return math.isfinite(self.difference) and self.difference <= max(TOLERANCE, 10 * self.rounding)


def to_onnx(program: Program) -> tuple[bytes, Check]:
    """A program as an ONNX file, and how onnxruntime did with it.

    The loop over time is ONNX's operator Scan, so the file takes any number of steps. Inputs, outputs and axes have the
    names that the program gives them.

    Raises:
        ExportError: the packages are missing, ONNX lacks an operation, onnxruntime gives other numbers, or some are not
            finite.
    """
    require_onnx()
    content = _converted(program)
    found = check(content, program)
    if not found.passed:
        raise ExportError(
            f"onnxruntime gives other numbers than PyTorch with the exported model, by {found.difference:.2g} where "
            f"PyTorch's rounding is {found.rounding:.2g}: it can't be trusted, and was not written"
        )
    return content, found


def check(content: bytes, program: Program) -> Check:
    """Runs an ONNX file beside the model that it was made from.

    Raises:
        ExportError: either gives numbers that are not finite, which can't be compared.
    """
    import onnxruntime

    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    generator, double = torch.Generator().manual_seed(1), copy.deepcopy(program.plain).double()
    difference = rounding = 0.0
    for sizes in SIZES:
        example = program.example(generator, **sizes)
        with torch.no_grad():
            expected = program.plain(*example)
            exact = double(*(value.double() if value.is_floating_point() else value for value in example))
        given = {name: value.numpy() for name, value in zip(program.inputs, example, strict=True)}
        found = [torch.as_tensor(value) for value in session.run(list(program.outputs), given)]
        for who, values in (("PyTorch", expected), ("PyTorch in double precision", exact), ("onnxruntime", found)):
            _require_finite(who, dict(zip(program.outputs, values, strict=True)), sizes)
        difference = max(difference, apart(found, expected))
        rounding = max(rounding, apart(expected, exact))
    return Check(difference, rounding)


def _require_finite(who: str, values: Mapping[str, Tensor], sizes: Mapping[str, int]) -> None:
    lost = [name for name, value in values.items() if not value.isfinite().all()]
    if lost:
        raise ExportError(
            f"expected finite numbers of the exported model on random inputs of {sizes['time']} x {sizes['batch']} "
            f"(time x batch), but {who} gives others in {', '.join(lost)}: nothing was written. Export a model that "
            "did not diverge, or without ONNX: --formats weights torch"
        )


def apart(found: Sequence[Tensor], expected: Sequence[Tensor]) -> float:
    """The largest |found - expected| / max(1, |expected|)."""
    pairs = zip(found, expected, strict=True)
    return max(float(((a.double() - b.double()).abs() / b.double().abs().clamp(min=1)).max()) for a, b in pairs)


def _converted(program: Program) -> bytes:
    with TemporaryDirectory(prefix="holdfast-") as folder, torch.no_grad(), quietly(), _less_logging():
        path = Path(folder) / "model.onnx"
        try:
            made = torch.onnx.export(
                program.traced,
                dynamo=True,
                verbose=False,
                input_names=list(program.inputs),
                output_names=list(program.outputs),
                dynamic_shapes=tuple(free(axes) for axes in program.inputs.values()),
            )
        except Exception as error:  # the exporter wraps whatever went wrong, several lines deep
            raise ExportError(f"this model can't be exported to ONNX: {_reason(error)}") from error
        assert made is not None
        made.save(path, external_data=False)
        return path.read_bytes()


def _reason(error: BaseException) -> str:
    """The last cause of an error of torch's exporter, in a line."""
    while error.__cause__ is not None:
        error = error.__cause__
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__


@contextmanager
def _less_logging() -> Iterator[None]:
    """Without the exporters' notes on packages that nobody asked for, and on what they leave as it is."""
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "onnxscript", "onnx_ir")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
