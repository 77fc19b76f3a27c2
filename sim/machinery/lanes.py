"""Blocks of numbers in vector registers, for compiled loops that the vectoriser does not see through.

A block is as many numbers as fit `BYTES`, known at compile time. It is loaded once, stays in registers over a loop of
any length, and is stored once, where a loop over arrays would load and store every element at every turn. Arrays are
contiguous, and padded to whole blocks.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import extending
from numba.core import cgutils, types
from numba.extending import models, register_model

__all__ = ["BYTES", "lanes", "lanes_of", "load", "plus", "store", "times", "total", "zeros"]

intrinsic: Any = extending.intrinsic  # its types do not say that numba itself passes the first argument
BYTES = 128  # two registers of the widest processors: sums that do not wait for each other


def lanes_of(dtype: str) -> int:
    """Return how many numbers a block holds."""
    return BYTES // np.dtype(dtype).itemsize


class Block(types.Type):
    """The type of a block."""

    def __init__(self, dtype: types.Float) -> None:
        self.dtype, self.lanes = dtype, BYTES * 8 // dtype.bitwidth
        super().__init__(name=f"Block({dtype})")


@register_model(Block)
class BlockModel(models.PrimitiveModel):
    """What a block is to LLVM: a vector."""

    def __init__(self, dmm: Any, block: Block) -> None:
        super().__init__(dmm, block, ir.VectorType(dmm.lookup(block.dtype).get_value_type(), block.lanes))


@intrinsic
def lanes(typing_context, row):
    """Return how many numbers of an array's type a block holds."""
    block = Block(row.dtype)
    return types.intp(row), lambda context, builder, signature, arguments: context.get_constant(types.intp, block.lanes)


@intrinsic
def zeros(typing_context, row):
    """Return a block of zeros of an array's type of numbers."""
    block = Block(row.dtype)
    return block(row), lambda context, builder, signature, arguments: ir.Constant(context.get_value_type(block), None)


@intrinsic
def load(typing_context, row, index):
    """Return the block that begins at row[index]."""

    def generate(context, builder, signature, arguments):
        place, align = _place(context, builder, signature, arguments)
        return builder.load(place, align=align)

    return Block(row.dtype)(row, types.intp), generate


@intrinsic
def store(typing_context, row, index, block):
    """Write a block to where row[index] begins."""

    def generate(context, builder, signature, arguments):
        place, align = _place(context, builder, signature, arguments)
        builder.store(arguments[2], place, align=align)
        return context.get_dummy_value()

    return types.void(row, types.intp, block), generate


@intrinsic
def times(typing_context, a, b, base):
    """Return a b + base, lane by lane."""
    return base(a, b, base), lambda context, builder, signature, arguments: _fused(builder, *arguments)


@intrinsic
def plus(typing_context, base, c, block):
    """Return base + c block; the number c is rounded to the precision of the block first."""

    def generate(context, builder, signature, arguments):
        vector = arguments[0].type
        number = context.cast(builder, arguments[1], c, base.dtype)
        one = builder.insert_element(ir.Constant(vector, ir.Undefined), number, ir.IntType(32)(0))
        every = builder.shuffle_vector(one, one, ir.Constant(ir.VectorType(ir.IntType(32), vector.count), None))
        return _fused(builder, every, arguments[2], arguments[0])

    return base(base, c, base), generate


@intrinsic
def total(typing_context, block):
    """Return the sum over the lanes."""

    def generate(context, builder, signature, arguments):
        vector = arguments[0].type
        kind = ir.FunctionType(vector.element, [vector.element, vector])
        add = cgutils.get_or_insert_function(builder.module, kind, f"llvm.vector.reduce.fadd.{_name(block)}")
        return builder.call(add, [ir.Constant(vector.element, -0.0), arguments[0]], fastmath=("reassoc",))

    return block.dtype(block), generate


def _place(context: Any, builder: Any, signature: Any, arguments: Any) -> tuple[Any, int]:
    """Return the pointer to a block within an array, and that a number's alignment is all it has."""
    row = signature.args[0]
    data = context.make_array(row)(context, builder, arguments[0]).data
    vector = context.get_value_type(Block(row.dtype))
    return builder.bitcast(builder.gep(data, [arguments[1]]), vector.as_pointer()), row.dtype.bitwidth // 8


def _fused(builder: Any, a: Any, b: Any, base: Any) -> Any:
    """Return a b + base, rounded once where the processor can."""
    width = 64 if isinstance(a.type.element, ir.DoubleType) else 32
    name = f"llvm.fmuladd.v{a.type.count}f{width}"
    multiply = cgutils.get_or_insert_function(builder.module, ir.FunctionType(a.type, [a.type] * 3), name)
    return builder.call(multiply, [a, b, base])


def _name(block: Block) -> str:
    """Return what LLVM calls a block's vector in the names of its functions."""
    return f"v{block.lanes}f{block.dtype.bitwidth}"
