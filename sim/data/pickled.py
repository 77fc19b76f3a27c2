"""The textbook's mnist.pkl.gz: a pickle of tuples of NumPy arrays, read by a machine that can make nothing else.

A pickle is a program. Here its instructions are those that build tuples, lists, numbers and text; the few functions
that NumPy's arrays ask for are stand-ins written below, which check what they are given; anything else is refused by
its name. Nothing of what the file names is ever imported or called.

References
----------
Nielsen, *Neural Networks and Deep Learning* (2015), `mnist_loader.load_data`: (training, validation, test), each a
pair.
"""

from __future__ import annotations

import io
import math
import pickle
import pickletools
import re
import struct
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from sim.data.limits import read_whole
from sim.data.parts import Parts
from sim.errors import DataError

__all__ = ["read_pickled"]

ALLOWED = re.compile(
    r"PROTO|FRAME|STOP|MARK|NONE|NEWTRUE|NEWFALSE|INT|BININT[12]?|LONG[14]?|FLOAT|BINFLOAT|(BIN|SHORT_BIN)?STRING|UNICODE"
    r"|(SHORT_)?BINUNICODE8?|(SHORT_)?BINBYTES8?|BYTEARRAY8|(EMPTY_)?TUPLE[123]?|(EMPTY_)?LIST|APPENDS?|(LONG_)?(BIN)?PUT"
    r"|MEMOIZE|(LONG_)?(BIN)?GET|(STACK_)?GLOBAL|REDUCE|BUILD"
)
OPCODES = {ord(opcode.code): opcode.name for opcode in pickletools.opcodes}
MOST_STEPS = 1_000_000  # labels in lists take one each
PLAIN = re.compile(r"[biuf]\d{1,2}|[SU]\d{1,4}")
DAMAGED = (pickle.UnpicklingError, EOFError, ValueError, TypeError, AttributeError, LookupError, struct.error,
           OverflowError, MemoryError, AssertionError)  # fmt: skip


def read_pickled(path: Path, max_bytes: int) -> Parts:
    """Read (training, validation, test) or (training, test), each a pair of images and labels.

    Raises
    ------
    DataError
        If the pickle asks for anything but plain arrays, is damaged, too large, or not built like that.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd escapes in damaged text
            content = _Machine(path, read_whole(path, max_bytes), max_bytes).load()
    except DataError:
        raise
    except DAMAGED as error:
        raise DataError(
            f"{path} is a damaged pickle: {type(error).__name__}: {error!s:.100}. Fetch it again."
        ) from error
    try:
        pairs = [(_plain(images), _plain(labels)) for images, labels in content]
        if len(pairs) not in (2, 3):
            raise ValueError
    except (TypeError, ValueError, OverflowError) as error:
        raise DataError(
            f"{path} must hold two or three pairs (images, labels) of NumPy arrays: training, validation (if there) "
            "and test, as the textbook's mnist.pkl.gz does. Save them with np.savez(path, images=..., labels=...)."
        ) from error
    images, labels = zip(*pairs, strict=True)
    return Parts(images, labels)


def _plain(value: object) -> np.ndarray:
    """Return an array, or a list of whole numbers as one."""
    if isinstance(value, _Array) and value.values is not None:
        return value.values
    if isinstance(value, list) and all(type(item) is int for item in value):
        return np.array(value, np.int64)
    raise TypeError


class _Opcodes(dict[int, Callable[[Any], None]]):
    """The instructions that are carried out: counted, and any other one refused."""

    def __init__(self, path: Path) -> None:
        every = pickle._Unpickler.dispatch
        allowed = {code: every[code] for code, name in OPCODES.items() if ALLOWED.fullmatch(name)}
        super().__init__(allowed | {pickle.BYTEARRAY8[0]: _read_bytes})
        self.path, self.steps = path, 0

    def __getitem__(self, code: int) -> Callable[[Any], None]:
        self.steps += 1
        if self.steps > MOST_STEPS:
            raise DataError(f"{self.path} is a pickle of more than {MOST_STEPS:,} objects. Save its arrays as .npz.")
        return super().__getitem__(code)

    def __missing__(self, code: int) -> Callable[[Any], None]:
        raise DataError(
            f"{self.path} is a pickle with the instruction {OPCODES.get(code, hex(code))}, which plain arrays do not "
            "need: refused, not executed. Save the arrays as .npz."
        )


def _read_bytes(machine: Any) -> None:
    """Push the bytes of a BYTEARRAY8 if they are there; Python's own makes room for as many as the file claims."""
    (size,) = struct.unpack("<Q", machine.read(8))
    machine.append(machine.read(size))


class _Machine(pickle._Unpickler):
    """Python's own unpickler (its memo is a dict, so that no number in a file sizes it) without its powers."""

    def __init__(self, path: Path, content: bytes, max_bytes: int) -> None:
        super().__init__(io.BytesIO(content), encoding="bytes")
        self.dispatch = _Opcodes(path)  # type: ignore[misc]  # of this machine, not of every one
        self.path, self.room = path, max_bytes

    def find_class(self, module: str, name: str) -> _StandIn:
        """Return the stand-in of a global, of the few that arrays name."""
        home = module.replace("numpy._core.", "numpy.core.")
        stand_ins: dict[tuple[str, str], Callable[..., object]] = {
            ("numpy.core.multiarray", "_reconstruct"): lambda *_: _Array(),
            ("numpy.core.numeric", "_frombuffer"): _from_buffer,
            ("numpy", "ndarray"): lambda *_: _Array(),
            ("numpy", "dtype"): lambda name, *_: _Type(_string(name)),
            ("_codecs", "encode"): self._encode,
        }
        if (home, name) not in stand_ins:
            raise DataError(
                f"{self.path} is a pickle that asks for {f'{module}.{name}'[:80]!a}, and only NumPy's plain arrays are "
                "read: refused, not executed. Save the arrays as .npz."
            )
        return _StandIn(stand_ins[home, name])

    def _encode(self, text: str, _codec: object) -> bytes:
        """Return the bytes that Python 3 writes as text in old protocols; together no more than the limit."""
        self.room -= len(text)
        if self.room < 0:
            raise DataError(f"{self.path} makes more bytes of its pickle than the limit. Raise it: max_bytes=...")
        return text.encode("latin1")


class _StandIn:
    """What a pickle gets where it names a function: it can be called with what arrays need, and not be changed."""

    __slots__ = ("_make",)

    def __init__(self, make: Callable[..., object]) -> None:
        self._make = make

    def __call__(self, *arguments: object) -> object:
        return self._make(*arguments)

    def __setstate__(self, state: object) -> None:
        raise pickle.UnpicklingError("a function is not given a state")


class _Type:
    """Stands for a dtype: of numbers or text only."""

    __slots__ = ("dtype",)

    def __init__(self, name: str) -> None:
        if not PLAIN.fullmatch(name):
            raise pickle.UnpicklingError(f"an array of {name[:20]!r}, which are not plain numbers or text")
        self.dtype = np.dtype(name)

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.dtype = np.dtype(f"{_string(state[1])[:1]}{self.dtype.str[1:]}")


class _Array:
    """Stands for an array: filled once its shape, type and bytes are seen to fit."""

    __slots__ = ("values",)

    def __init__(self) -> None:
        self.values: np.ndarray | None = None

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        shape, kind, fortran, content = state[-4:]
        self.values = _filled(shape, kind, content, "F" if fortran else "C")


def _from_buffer(content: object, kind: object, shape: Any, order: object) -> _Array:
    array = _Array()
    array.values = _filled(shape, kind, content, _string(order))
    return array


def _filled(shape: Any, kind: object, content: Any, order: str) -> np.ndarray:
    if not isinstance(kind, _Type) or not all(type(length) is int and length >= 0 for length in shape):
        raise pickle.UnpicklingError("an array without shape and type")
    size = math.prod(shape) * kind.dtype.itemsize
    if not isinstance(content, bytes) or not 0 < size == len(content):
        raise pickle.UnpicklingError(f"an array of shape {shape} with other than {size} bytes")
    return np.ndarray(shape, kind.dtype, content, order="F" if order == "F" else "C")


def _string(text: object) -> str:
    if not isinstance(text, bytes | str):
        raise pickle.UnpicklingError("a name that is not text")
    return text.decode("latin1") if isinstance(text, bytes) else text
