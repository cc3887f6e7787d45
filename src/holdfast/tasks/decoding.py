"""How a row of a table becomes a sequence of numbers."""

import io
from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np

_COLOURS = {1: "L", 3: "RGB"}


class Decoder(ABC):
    """Makes arrays of rows; a frozen dataclass, whose settings and `version` say all that the arrays depend on."""

    dtype: ClassVar[str]
    """Of the values as they are stored."""
    releases_the_interpreter: ClassVar[bool]
    """Whether threads make it faster."""

    @property
    @abstractmethod
    def channels(self) -> int:
        """C, the values of a step."""

    @property
    def version(self) -> str:
        """Of the library that decodes, if one does."""
        return ""

    @abstractmethod
    def decode(self, values: tuple[Any, ...], where: str) -> np.ndarray:
        """The row with these values in its columns, as (steps, channels).

        Raises:
            ValueError: it is something else, or damaged; `where` names it.
        """


@dataclass(frozen=True)
class PictureDecoder(Decoder):
    """A picture as its pixels, row by row.

    Args:
        size: height, width, channels (1 for grey, 3 for red, green, blue).
        resize: whether a picture of another size is brought to this one (bilinearly over all the pixels that it
            covers, whatever the proportions), or refused.
    """

    dtype: ClassVar[str] = "uint8"
    releases_the_interpreter: ClassVar[bool] = True

    size: tuple[int, int, int]
    resize: bool = False

    @property
    def channels(self) -> int:
        return self.size[-1]

    @property
    def version(self) -> str:
        import PIL

        return f"Pillow {PIL.__version__}"

    def decode(self, values: tuple[Any, ...], where: str) -> np.ndarray:
        from PIL import Image

        (encoded,) = values
        height, width, _ = self.size
        try:
            picture = Image.open(io.BytesIO(content(encoded))).convert(_COLOURS[self.channels])
            if self.resize and picture.size != (width, height):
                picture = picture.resize((width, height), Image.Resampling.BILINEAR)
        except Exception as error:  # Pillow's decoders raise OSError, SyntaxError, ValueError, zlib's own ...
            raise ValueError(
                f"{where} is no picture: {first_line(error)}; the file is damaged, copy it anew"
            ) from error
        if picture.size != (width, height):
            raise ValueError(
                f"expected pictures of {height} x {width} pixels, but {where} has {picture.height} x {picture.width}"
            )
        return np.asarray(picture).reshape(-1, self.channels)


@dataclass(frozen=True)
class TextDecoder(Decoder):
    """Text as the numbers of its characters, in lower case; all that are not in the alphabet are 0.

    Several columns are joined by a blank, without those that are empty.

    Args:
        alphabet: the characters numbered from 1.
    """

    dtype: ClassVar[str] = "uint8"
    releases_the_interpreter: ClassVar[bool] = False

    alphabet: str

    @property
    def channels(self) -> int:
        return 1

    def decode(self, values: tuple[Any, ...], where: str) -> np.ndarray:
        if not all(isinstance(value, str) for value in values):
            raise ValueError(f"{where} is no text: it holds {', '.join(type(value).__name__ for value in values)}")
        text = " ".join(value for value in values if value) or " "
        codes = np.frombuffer(text.lower().encode("utf-32-le", "surrogatepass"), dtype="<u4")
        return _numbers(self.alphabet)[np.minimum(codes, 128)][:, None]


@dataclass(frozen=True)
class SoundDecoder(Decoder):
    """A recording as its samples: a list of whole numbers of 16 bits, or a WAV file of one channel."""

    dtype: ClassVar[str] = "int16"
    releases_the_interpreter: ClassVar[bool] = False

    @property
    def channels(self) -> int:
        return 1

    def decode(self, values: tuple[Any, ...], where: str) -> np.ndarray:
        (recording,) = values
        try:
            samples = _wave(content(recording)) if isinstance(recording, dict) else np.asarray(recording)
            if samples.dtype.kind not in "iu" or samples.ndim != 1 or not samples.size or abs(samples).max() > 2**15:
                raise ValueError(f"expected whole numbers of 16 bits, got {samples.dtype} {samples.shape}")
        except Exception as error:  # the wave module raises its own, and struct's, and EOFError
            raise ValueError(f"{where} is no recording: {first_line(error)}; copy the set anew") from error
        return samples.astype("int16")[:, None]


def content(encoded: dict[str, Any] | None) -> bytes:
    """The bytes of a file that a table holds, or names."""
    held = encoded or {}
    if held.get("bytes") is None and held.get("path"):
        with open(held["path"], "rb") as file:
            return file.read()
    return held.get("bytes") or b""


def first_line(error: BaseException) -> str:
    """The message of an error, on one line."""
    text = str(error).strip() or type(error).__name__
    return text.splitlines()[0].rstrip(".")


@lru_cache(maxsize=4)
def _numbers(alphabet: str) -> np.ndarray:
    """The number of each of the 128 characters of ASCII, and of all others at the end."""
    numbers = np.zeros(129, dtype=np.uint8)
    numbers[[ord(letter) for letter in alphabet]] = np.arange(1, len(alphabet) + 1)
    return numbers


def _wave(file: bytes) -> np.ndarray:
    import wave

    with wave.open(io.BytesIO(file)) as sound:
        if (sound.getnchannels(), sound.getsampwidth()) != (1, 2):
            raise ValueError(
                f"expected one channel of 16 bits, got {sound.getnchannels()} of {8 * sound.getsampwidth()}"
            )
        return np.frombuffer(sound.readframes(sound.getnframes()), dtype="<i2")
