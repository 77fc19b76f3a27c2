"""The command `tailoff teacher-student`: a nonlinear network predicted from its rates, and simulated if asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer

from reports.cli.options import WHOLE, Json
from reports.cli.output import show, working
from theory import NoFixedPoint

if TYPE_CHECKING:
    from theory import TeacherStudent

__all__ = ["teacher_student"]

MOST_UNITS = 100  # the flow of 100 has 5,050 overlaps, and its Jacobian 200 MB


def teacher_student(
    hidden: Annotated[int, typer.Option(**WHOLE, help="Hidden units of the network, K.")] = 1,
    teachers: Annotated[
        int, typer.Option(**WHOLE, help="Hidden units of the teacher, M; 0: labels of noise only.")
    ] = 0,
    eta: Annotated[float, typer.Option(help="Learning rate per step times N.")] = 0.5,
    gamma: Annotated[float, typer.Option(help="Weight decay per step times N.")] = 0.02,
    sigma: Annotated[float, typer.Option(help="Standard deviation of the label noise.")] = 1.0,
    start_norm: Annotated[float, typer.Option(help="Squared norm of a unit's weights at the start.")] = 400.0,
    teacher_norm: Annotated[
        float | None, typer.Option(help="Squared norm of a teacher's weights (default 1), with --teachers.")
    ] = None,
    fan_in: Annotated[int, typer.Option(**WHOLE, help="Inputs of a unit, N.")] = 784,
    simulate: Annotated[bool, typer.Option("--simulate", help="Also measure the equilibrium.")] = False,
    seed: Annotated[int, typer.Option(help="Draws the start, and the simulation.")] = 0,
    as_json: Json = False,
) -> None:
    """Predict where a nonlinear network settles.

    Example: tailoff teacher-student --hidden 2 --teachers 1 --simulate
    """
    import theory
    from theory.settings import whole_number

    whole_number("seed", seed, least=0)
    if teacher_norm is not None and teachers == 0:
        raise theory.InvalidArgument(f"--teacher-norm must be left out without --teachers, got {teacher_norm:g}.")
    largest = {"hidden": hidden, "teachers": teachers}
    for name, units in largest.items():
        if units > MOST_UNITS:
            raise theory.InvalidArgument(
                f"--{name} must be at most {MOST_UNITS}, got {units}: all pairs of overlaps are stored."
            )
    rule = theory.OnlineRule(eta, gamma, sigma)
    start = theory.Overlaps.random(
        hidden, teachers, Q=start_norm, T=1.0 if teacher_norm is None else teacher_norm, fan_in=fan_in, seed=seed
    )
    with working(f"the overlaps of {hidden} units relax"):
        network = theory.teacher_student(rule, start)
        stable = network.stable
    if not stable:
        reason = network.reason.removesuffix(" Raise alpha_max.").rstrip(".")
        advice = (
            "Take another --seed, --eta or --gamma." if sigma or teachers else "Nothing but noise holds the weights."
        )
        raise NoFixedPoint(f"no prediction for {rule}: {reason}. {advice}")
    lines, content = _prediction(network, fan_in)
    content["start"] = {"Q": start.Q.tolist(), "R": start.R.tolist()}
    if simulate:
        with working("simulating"):
            measured, rows = _measurement(network, fan_in, seed)
        lines += measured
        content["measured"] = rows
    show("\n".join(lines), content, as_json)


def _prediction(network: TeacherStudent, fan_in: int) -> tuple[list[str], dict[str, Any]]:
    """Return the fixed point, its stability and the scale of each unit at N, in words and numbers."""
    at = network.at_fan_in(fan_in)
    rest: Any = network.stationary  # there is one, for the network is stable
    spectrum = np.sort(network.eigenvalues)[::-1]
    lines = [network.reason, "eigenvalues      " + ", ".join(f"{value.real:.4g}" for value in spectrum)]
    for i in range(network.flow.K):
        lines.append(
            f"unit {i + 1}: |w|^2 = {at.Q[i, i]:.5g} +/- {at.Q_sd[i, i]:.2g} at N = {fan_in} "
            f"({rest.Q[i, i]:.5g} for large N), w_rms = {at.scale[i]:.5g} +/- {at.scale_sd[i]:.2g}"
        )
    lines.append("+/-: standard deviation of one network at one time")
    content = {
        "stable": network.stable, "reason": network.reason, "fan_in": fan_in,
        "eigenvalues": [{"real": float(value.real), "imag": float(value.imag)} for value in spectrum],
        "fixed_point": {"Q": rest.Q.tolist(), "R": rest.R.tolist()},
        **{name: getattr(at, name).tolist() for name in ("Q", "R", "Q_sd", "R_sd", "scale", "scale_sd")},
    }  # fmt: skip
    return lines, content


def _measurement(network: TeacherStudent, fan_in: int, seed: int) -> tuple[list[str], list[dict[str, Any]]]:
    """Simulate at the fixed point; compare the squared norm of each unit with the prediction at N."""
    import sim
    from reports.runs.committee import settle, unit_comparisons

    comparisons = unit_comparisons(sim.online(**settle(network, fan_in, 10.0), seed=seed), network)
    return [str(comparison) for comparison in comparisons], [comparison.as_dict() for comparison in comparisons]
