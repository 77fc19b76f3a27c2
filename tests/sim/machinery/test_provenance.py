"""One line that names what decides a result's numbers."""

import platform
from importlib.metadata import version

from sim.machinery.provenance import versions


def test_it_names_everything_that_decides_the_numbers():
    for name in ("tailoff", "numpy", "scipy", "numba"):
        assert f"{name} {version(name)}" in versions()
    assert f"Python {platform.python_version()}" in versions()
