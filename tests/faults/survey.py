"""A longer survey of the theory under extreme arguments than the tests have time for.

    python -m tests.faults.survey 100

calls every public function 300 times and prints what is neither a finite number nor a named error. What it still finds
is listed in docs/faults.md.
"""

import sys

from hypothesis import HealthCheck, given, settings

from tests.faults import extremes

QUIET = {"deadline": None, "suppress_health_check": list(HealthCheck), "database": None, "derandomize": True}
SHARES = (5, 20, 60)  # percent of the arguments that are extreme


def survey(name, count, share):
    """Return what is wrong with one function, {} if nothing is; the calls are the same in every process."""
    function, found = extremes.PUBLIC[name], {}

    @settings(max_examples=count, **QUIET)
    @given(extremes.calls(function, share))
    def look(call):
        found.update(extremes.problems(function, *call))

    look()
    return found


if __name__ == "__main__":
    for name in extremes.PUBLIC:
        for share in SHARES:
            for what, problem in survey(name, int(sys.argv[1]), share).items():
                print(f"{name} ({share}% extreme), {what}: {problem}", flush=True)
