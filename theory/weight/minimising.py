"""What `maximize` does to a weight's problem: PyTorch changes the gradient's sign before the decay is added.

The decay still shrinks and symmetric noise stays what it is; only the curvature changes its sign.
"""

from __future__ import annotations

from dataclasses import replace

from theory.weight.problem import Problem

__all__ = ["minimising"]


def minimising(problem: Problem) -> Problem:
    """Return the problem that an optimizer without `maximize` solves in the same way."""
    if not problem.optimizer.maximize:
        return problem
    return problem.at(curvature=-problem.curvature, optimizer=replace(problem.optimizer, maximize=False))
