"""A time that is given as dates: seconds since the first."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from sim.errors import DataError
from sim.traces.table import Table

__all__ = ["dated", "seconds"]

ZONE = r"(?:Z|UTC|[+-][0-9]{2}:?(?:[0-9]{2})?)"
DATE = re.compile(  # the year first, so that day and month are told apart
    r"([0-9]{4})([-/])([0-9]{2})\2([0-9]{2})"
    rf"(?:[T ][0-9]{{2}}:[0-9]{{2}}(?::[0-9]{{2}}(?:[.,][0-9]+)?)? ?{ZONE}?)?"
)
ENDS_IN_ZONE = re.compile(rf":.*?{ZONE}$")


def dated(column: pd.Series) -> bool:
    """Say whether all cells that are not empty are dates such as 2025-01-31 or 2025-01-31 12:00:00.

    Examples
    --------
    >>> dated(pd.Series(["2025-01-31", None])), dated(pd.Series(["31.01.2025"])), dated(pd.Series([20250131]))
    (True, False, False)
    """
    if column.dtype.kind in "iufb":
        return False
    cells = column.dropna()
    return len(cells) > 0 and all(isinstance(cell, str) and DATE.fullmatch(cell.strip()) for cell in cells)


def seconds(table: Table, name: str) -> np.ndarray:
    """Return a column of dates as seconds since the earliest, NaN where it is empty.

    Raises
    ------
    DataError
        If a date is none of the calendar's, or only some say their time zone.
    """
    column = table.frame[name]
    text = column.map(lambda cell: cell.strip().replace("/", "-").replace(",", "."), na_action="ignore")
    zoned = text.dropna().map(lambda cell: bool(ENDS_IN_ZONE.search(cell)))
    if zoned.nunique() > 1:
        row = int(zoned.index[zoned != zoned.iloc[0]][0])
        raise DataError(
            f"{table.path}, {table.where(row)}: some dates in the column {name[:60]!r} have a time zone and some have "
            "none. Write them alike."
        )
    found = pd.to_datetime(text.str.replace(r" ?UTC$", "Z", regex=True), utc=True, format="ISO8601", errors="coerce")
    bad = found.isna() & column.notna()
    if bad.any():
        row = int(bad.index[bad][0])
        raise DataError(
            f"{table.path}, {table.where(row)}: {str(column[row])[:40]!r} in the column {name[:60]!r} is no date. "
            "Write dates as 2025-01-31 or 2025-01-31 12:00:00."
        )
    return (found - found.min()).dt.total_seconds().to_numpy()
