"""Record a PyTorch run by the hooks of its optimizer."""

from __future__ import annotations

import atexit
import weakref
from collections.abc import Sequence
from types import TracebackType
from typing import Any

from sim.errors import DataError
from sim.recording.columns import header
from sim.recording.log import Log
from sim.recording.plan import planned
from sim.recording.torch_refusals import names_of, refuse_optimizer, refuse_parameters
from sim.recording.torch_watch import Watch, described, steps_made
from sim.recording.words import is_decoupled
from theory.settings import InvalidArgument, whole_number

__all__ = ["TorchRecorder", "torch_recorder"]


UNCOUNTED = {"SGD", "Muon"}  # they keep no count of their steps


class TorchRecorder:
    """A recorder that is at work, made by `torch_recorder`."""

    def __init__(self, watches: Sequence[Watch], log: Log) -> None:
        self._watches, self._log, self.path = watches, log, log.path
        for watch in watches:
            watch.keeper = self  # whoever drops the recorder, but trains on, goes on recording
        self._at_exit = atexit.register(_finish, weakref.ref(self))

    def detach(self) -> None:
        """Write the last rows, take the hooks off and close the file: nothing is left on model or optimizer."""
        atexit.unregister(self._at_exit)
        watches, self._watches = self._watches, ()
        try:
            for watch in watches:
                watch.detach()
        finally:
            self._log.close()

    def __enter__(self) -> TorchRecorder:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.detach()


def _finish(recorder: weakref.ref[TorchRecorder]) -> None:
    found = recorder()
    if found is not None:
        found.detach()


def torch_recorder(
    model: Any, optimizer: Any, path: Any, every: int = 10, *, planned_steps: int | None = None, schedule: Any = None,
    resume: bool = False, start: int | None = None,
) -> TorchRecorder:  # fmt: skip
    """Record what holds the weights of a PyTorch run: hang hooks on its optimizer, and train as always.

    Parameters
    ----------
    model : torch.nn.Module
        Gives the names.
    optimizer : torch.optim.Optimizer, or a sequence of them
        Several, such as Muon with AdamW, are recorded in one file.
    path : path
        A new file; see `resume`. By convention it ends in `.arrows`.
    every : int
        Steps between two readings of the gradients.
    planned_steps : int, optional
        Of the whole run.
    schedule : object, optional
        One of `theory.schedules`, over `planned_steps`: the learning rate ahead, for forecasts. What it is at each step
        is read off the optimizer in any case.
    resume : bool
        Go on in a file that is there, in a new segment. Otherwise an existing file is refused.
    start : int, optional
        How many steps the optimizer has made. Default: what it says itself, or 0; one that does not count (SGD) must be
        told when it is resumed.

    Returns
    -------
    TorchRecorder
        `with` it, or `.detach()`: afterwards nothing is left on model and optimizer. At the end of the process it
        detaches by itself.

    Raises
    ------
    InvalidArgument
        For what cannot be recorded: unknown optimizers, LBFGS, sharded weights (FSDP), optimizers in the backward pass,
        parameters that the model does not have.
    DataError
        If the file cannot be written, or torch or pyarrow is not installed.

    Notes
    -----
    A reading takes w and g at the hook, after accumulation, clipping and unscaling: ||g||^2, <w, g>, ||P g||^2,
    <w, P g> with the preconditioner P of the update that follows, summed on the device. ||w||^2 is exact at each row.
    Parameters without decay are listed in the header. With several processes (DistributedDataParallel), record in one.
    """
    try:
        import torch  # noqa: F401
    except ImportError as error:
        raise DataError("sim.torch_recorder needs torch. Install it: pip install 'tailoff[torch]'.") from error
    every = whole_number("every", every)
    optimizers = list(optimizer) if isinstance(optimizer, (tuple, list)) else [optimizer]
    if not optimizers:
        raise InvalidArgument("optimizer must be one of torch.optim, or a list of them, got an empty list.")
    names, kinds = names_of(model), [refuse_optimizer(own) for own in optimizers]
    for own in optimizers:
        refuse_parameters(own, names)
    starts = [_made(own, start, resume) for own in optimizers]
    about = [_described(kind, own, names) for kind, own in zip(kinds, optimizers, strict=True)]
    log = Log(path, header(optimizers=about, **planned(planned_steps, schedule)), resume)
    watches = [
        Watch(own, kind, names, log, every=every, start=made)
        for own, kind, made in zip(optimizers, kinds, starts, strict=True)
    ]
    return TorchRecorder(watches, log)


def _made(optimizer: Any, start: int | None, resume: bool) -> int | None:
    """Return how many steps an optimizer has made, None if it says so itself."""
    if start is not None:
        return whole_number("start", start, 0)
    if resume and not steps_made(optimizer) and (optimizer.state or type(optimizer).__name__ in UNCOUNTED):
        raise InvalidArgument(
            f"start must be given, got None: {type(optimizer).__name__} does not count its steps, and the run resumes. "
            "Give the number of steps it has made."
        )
    return None


def _described(kind: str, optimizer: Any, names: dict[int, str]) -> dict[str, Any]:
    """Return the header's entry for an optimizer: class, decoupled or not, groups with their parameters."""
    groups = []
    for group in optimizer.param_groups:
        parameters = [
            {"name": names[id(p)], "shape": list(p.shape), "dtype": str(p.dtype).removeprefix("torch."),
             "decays": bool(float(group["weight_decay"]) or group.get("lambd")) and p.requires_grad}
            for p in group["params"]
        ]  # fmt: skip
        groups.append({**described(group), "parameters": parameters})
    return {"class": kind, "decoupled": is_decoupled(kind, optimizer.param_groups[0]), "groups": groups}
