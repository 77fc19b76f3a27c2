"""The command where people run it: without a home or a terminal, in narrow windows, under names with spaces."""

import os
import pty
import re
import subprocess
import sys

import pytest

COMMAND = [sys.executable, "-m", "tailoff"]
TRAIN = ("train", "--sizes", "8,4,3", "--epochs", "20", "--batch-size", "5", "--lam", "20")


def run(*words, without=(), cwd=None, **environment):
    given = {name: value for name, value in os.environ.items() if name not in without} | environment
    given["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)  # as here, from any folder
    return subprocess.run([*COMMAND, *map(str, words)], capture_output=True, text=True, check=False, env=given, cwd=cwd)


@pytest.fixture
def data(tmp_path):
    import numpy as np

    rng = np.random.default_rng(0)
    folder = tmp_path / "Grüße an Åsa"
    folder.mkdir()
    np.savez(folder / "zehn Bilder.npz", images=rng.random((70, 8)), labels=rng.integers(0, 3, 70))
    return folder / "zehn Bilder.npz"


def test_without_a_home(tmp_path):
    done = run("equilibrium", 50000, 5, 0.1, without=("HOME", "USER", "LOGNAME", "XDG_CACHE_HOME"), cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "0.10000025" in done.stdout


@pytest.mark.slow
def test_names_with_spaces_and_umlauts(data):
    out = data.with_name("der Lauf.nc")
    assert run(*TRAIN, "--data", data, "--out", out).returncode == 0
    done = run("layers", out)
    assert done.returncode == 0, done.stderr
    assert "layer 2" in done.stdout
    figure = data.with_name("Bild ü.svg")
    assert run("fit", out, "--layer", 2, "--plot", figure).returncode in {0, 2}
    missing = run("layers", data.with_name("nicht da.nc"))
    assert missing.returncode == 2
    assert "Grüße an Åsa" in missing.stderr


def test_a_tilde_is_the_home(tmp_path):
    done = run("layers", "~/run.nc", HOME=str(tmp_path))
    assert done.stderr.startswith(f"error: {tmp_path}/run.nc does not exist.")
    written = run("trajectory", 100, 5, 0.1, "--steps", 200, "--plot", "~/run.svg", HOME=str(tmp_path))
    assert written.returncode == 0, written.stderr
    assert (tmp_path / "run.svg").exists()
    assert "no home is known. Write it out." in run("layers", "~nobody-of-this-name/run.nc").stderr


def on_a_terminal(*words, **environment):
    """Run the command with a terminal on its three channels, and return what it showed there."""
    parent, child = pty.openpty()
    given = os.environ | environment
    process = subprocess.Popen([*COMMAND, *words], stdin=child, stdout=child, stderr=child, env=given)
    os.close(child)
    shown = b""
    try:
        while chunk := os.read(parent, 4096):
            shown += chunk
    except OSError:  # how Linux says that the other end is closed
        pass
    finally:
        os.close(parent)
    assert process.wait() == 0
    return shown.decode()


def test_no_color():
    assert "\x1b[" not in on_a_terminal("--help", NO_COLOR="1", TERM="xterm-256color")


@pytest.mark.parametrize("columns", [60, 80])
@pytest.mark.parametrize("words", [["--help"], ["equilibrium", "--help"], ["report", "--help"], ["fit", "--help"]])
def test_the_help_fits_the_window(words, columns):
    done = run(*words, COLUMNS=str(columns))
    lines = [line for line in done.stdout.splitlines() if not re.match(r"\s*Example:", line)]
    assert max(map(len, lines)) <= columns


def test_completion():
    words = {"COMP_WORDS": "tailoff equilibrium --wei", "COMP_CWORD": "2"}
    assert run(_TAILOFF_COMPLETE="complete_bash", **words).stdout.split() == ["--weight-decay"]
    named = {"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}  # whatever shell runs the tests
    assert "complete -o default" in run("--show-completion", "bash", **named).stdout


def test_doctor_says_what_a_bug_report_needs():
    done = run("doctor")
    assert (done.returncode, done.stderr) == (0, "")
    for word in ("tailoff  ", "python  ", "cores  ", "compiled code  ", "numpy  ", "numba  ", "[torch]"):
        assert word in done.stdout
