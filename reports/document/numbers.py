"""The numbers of a report as JSON: the same bytes for the same content, with a checksum of the rest inside."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

from sim import DataError

__all__ = ["as_json", "read_json", "sealed_json"]

DIGITS = 12  # of numbers in JSON: SymPy may order a sum differently in another process, and rounding then differs


def as_json(content: Any) -> str:
    """Return JSON that is the same for the same content; a NaN is an error, never written."""
    return json.dumps(_rounded(content), indent=1, sort_keys=True, allow_nan=False, ensure_ascii=False) + "\n"


def _rounded(content: Any) -> Any:
    """Return the content with every float to 12 significant digits."""
    if isinstance(content, dict):
        return {key: _rounded(value) for key, value in content.items()}
    if isinstance(content, (list, tuple)):
        return [_rounded(value) for value in content]
    return float(f"{content:.{DIGITS}g}") if isinstance(content, float) else content


def sealed_json(content: dict[str, Any]) -> str:
    """Return JSON with an entry "sha256": of the UTF-8 text of `as_json` without it.

    Examples
    --------
    >>> print(sealed_json({"seed": 1}), end="")
    {
     "seed": 1,
     "sha256": "1982e76b50808c9a1f70c52dd7c10963bacfa1408a1728d94758eeab30aea3bb"
    }
    """
    return as_json(content | {"sha256": _digest(content)})


def read_json(path: str | Path) -> dict[str, Any]:
    """Return the numbers of a report, without the checksum, which was verified.

    Raises
    ------
    DataError
        If the file is missing, or is not what was written.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
        content = json.loads(text)
        rest = {key: value for key, value in content.items() if key != "sha256"} if isinstance(content, dict) else {}
        sealed = sealed_json(rest)
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}. Check the path and the file.") from error
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path} is damaged or no JSON ({error}). Write it anew with `tailoff report`.") from error
    if text != sealed:
        raise DataError(f"{path} is damaged, or was changed after it was written: its checksum is wrong.")
    return rest


def _digest(content: dict[str, Any]) -> str:
    return sha256(as_json(content).encode()).hexdigest()
