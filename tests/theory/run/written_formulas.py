"""The table of written formulas of theory/run (see tests/theory/test_written_formulas.py)."""

from theory.run.drive import drive_between

NUMBERS = {"N'": 1.7, "N": 4.0, "S": 0.3, "e": 2.718281828459045}


def drive(block):
    yield block.right(0, NUMBERS), float(drive_between(4.0, 1.7, 0.3))


BLOCKS = {"theory.run.drive": [drive]}
INLINE = {}
