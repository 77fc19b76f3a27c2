"""The command `tailoff`, and `python -m tailoff`."""

from __future__ import annotations

import sys

from tailoff.namesakes import PACKAGES, refuse_namesakes

__all__ = ["main"]


def main() -> None:
    """Run the command line; a module of the user's own in the way ends with one line and exit code 2."""
    try:
        refuse_namesakes(*PACKAGES)
    except ImportError as error:
        sys.stderr.write(f"error: {error}\n")
        sys.exit(2)
    from reports.cli.main import main as run

    run()


if __name__ == "__main__":
    main()
