"""`import tailoff`: the three packages as attributes, loaded when asked for."""

import subprocess
import sys
from importlib.metadata import version

import pytest

import reports
import sim
import tailoff
import theory


def test_it_is_the_three_packages():
    assert (tailoff.theory, tailoff.sim, tailoff.reports) == (theory, sim, reports)
    assert tailoff.__version__ == version("tailoff")


def test_it_loads_none_before_it_is_asked():
    code = "import sys, tailoff; print({'theory', 'sim', 'reports', 'numpy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'simulate'"):
        _ = tailoff.simulate


@pytest.mark.parametrize(("package", "name"), [(tailoff, "theory"), (theory, "decay_for"), (sim, "fit_decay")])
def test_dir_shows_what_is_not_loaded_yet(package, name):
    assert name in dir(package)
    assert set(package.__all__) <= set(dir(package))
