"""Weight vectors that have given overlaps, to start a run from."""

from __future__ import annotations

import numpy as np

from sim.committee.settings import OnlineSettings

__all__ = ["placed"]


def placed(settings: OnlineSettings, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return students and teachers, as rows, that have the overlaps of the start.

    Returns
    -------
    students, teachers : ndarray, shapes (K, axes) and (M, axes)
        Coordinates in a frame with room for a batch (K + M + m axes), or in N axes turned at random.
    """
    start = settings.start
    teachers = _root(start.T)
    along = np.linalg.lstsq(teachers, start.R.T)[0].T  # components of the students along the teachers' axes
    students = np.concatenate([along, _root(start.Q - along @ along.T)], axis=1)
    teachers = np.concatenate([teachers, np.zeros((start.M, start.K))], axis=1)
    units = start.K + start.M
    if settings.reduced:
        axes = np.eye(units, units + settings.rule.batch_size)
    else:
        axes = np.linalg.qr(rng.standard_normal((settings.fan_in, units)))[0].T
    return np.ascontiguousarray(students @ axes), np.ascontiguousarray(teachers @ axes)


def _root(gram: np.ndarray) -> np.ndarray:
    """Return vectors, as rows, that have the given overlaps, which may be singular."""
    left, values, _ = np.linalg.svd(gram, hermitian=True)
    return left * np.sqrt(values)
