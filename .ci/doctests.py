"""Run the doctests of the installed packages, wherever they are."""

import doctest
import pkgutil
import sys
from importlib import import_module

FLAGS = doctest.NORMALIZE_WHITESPACE
failed = tried = 0
for package in map(import_module, ("tailoff", "theory", "sim", "reports")):
    inside = pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    names = [package.__name__, *(found.name for found in inside)]
    for name in names:
        if not name.endswith(".__main__") and ".mnist." not in name:
            result = doctest.testmod(import_module(name), optionflags=FLAGS)
            failed, tried = failed + result.failed, tried + result.attempted
print(f"{tried} examples in the doctests, {failed} failed")
sys.exit(bool(failed) or not tried)
