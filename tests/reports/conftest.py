"""What several tests of the reports need."""

import sys

import pytest

from reports.cli import app as cli


@pytest.fixture
def tailoff(monkeypatch, capsys):
    """Run the command line with some words; return its exit code and what it wrote."""

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["tailoff", *map(str, words)])
        with pytest.raises(SystemExit) as stop:
            cli.main()
        out, err = capsys.readouterr()
        return stop.value.code or 0, out, err

    return run
