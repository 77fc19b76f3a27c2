"""Arguments that do not belong together: labelled arrays of different labels, and batches larger than the data."""

import pandas as pd
import pytest
import xarray as xr

import theory
from theory import InvalidArgument
from theory.settings import check_labels

LAMS = pd.Series([5.0, 10.0, 20.0], index=[1, 2, 3])
RUN = xr.DataArray([[1e-3, 2e-3], [3e-3, 4e-3]], {"epoch": [1, 2], "layer": [2, 3]}, dims=("epoch", "layer"))


def test_arrays_of_the_same_labels_pair_as_plain_ones_do():
    assert (
        theory.equilibrium(100, LAMS, LAMS / 1000).scale
        == theory.equilibrium(100, LAMS.to_numpy(), LAMS.to_numpy() / 1000).scale
    ).all()
    last = RUN.isel(epoch=-1)
    check_labels({"a": RUN, "b": last, "c": last.to_series(), "d": 3.0, "e": [1, 2], "f": None})
    check_labels({"a": xr.DataArray([1, 2]), "b": xr.DataArray([3, 4])})


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: theory.equilibrium(100, LAMS, LAMS[::-1] / 1000), r"lam and eta .* got \[1, 2, 3\], .* \[3, 2, 1\]"),
        (lambda: theory.equilibrium(100, LAMS, 0.01, noise=LAMS.reset_index(drop=True)), "lam and noise must have"),
        (
            lambda: theory.norm_balance(100, 5.0, 0.1, grad_sq=RUN, alignment=-RUN[::-1]),
            "grad_sq and alignment must have the same labels",
        ),
        (
            lambda: theory.norm_balance(
                100, 5, 0.1, grad_sq=RUN, alignment=-RUN, grad_sq_error=RUN, alignment_error=RUN[::-1]
            ),
            "grad_sq and alignment_error must have the same labels",
        ),
        (
            lambda: theory.norm_balance(100, 5.0, 0.1, grad_sq=RUN, alignment=-RUN.T),
            "the dimensions layer and epoch",
        ),
        (
            lambda: theory.norm_budget(100, 5, 0.1, norm_sq=1 + RUN, grad_sq=RUN, alignment=RUN[:, ::-1]),
            "norm_sq and alignment must have the same labels",
        ),
    ],
)
def test_arrays_of_different_labels_are_refused(call, message):
    with pytest.raises(InvalidArgument, match=message):
        call()


@pytest.mark.parametrize(
    "call",
    [
        lambda m: theory.timescale(100, 5.0, 0.1, batch_size=m),
        lambda m: theory.timescale(n=100, lr=0.1, weight_decay=0.05, batch_size=m, noise=0.1),
        lambda m: theory.decay_for(n=100, eta=0.1, epochs=3, batch_size=m),
        lambda m: theory.rescale(100, 5.0, 0.1, batch_size=m, to_n=1000),
        lambda m: theory.rescale(1000, 5.0, 0.1, batch_size=10, to_batch_size=m, to_n=100),
        lambda m: theory.equilibrium(100, 5.0, 0.1).shrink_per_epoch(m),
        lambda m: theory.decay_phase(100, 5.0, 0.1, start=1.0, scale=0.1, batch_size=m),
    ],
)
def test_a_batch_larger_than_the_data_is_refused(call):
    call(100)
    with pytest.raises(InvalidArgument, match=r"(to_)?batch_size must not exceed the n training examples, got 101"):
        call(101)


def test_without_n_there_is_no_such_limit():
    assert (
        theory.rescale(lr=1e-3, weight_decay=0.01, batch_size=10, to_batch_size=40, optimizer="adamw").batch_size == 40
    )
