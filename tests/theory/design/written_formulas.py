"""The table of written formulas of theory/design (see tests/theory/test_written_formulas.py)."""

import theory


def one_number():
    """Of n, lam, eta and noise only x and the noise matter, in units of a step."""
    for optimizer in (theory.SGD(momentum=0.7), theory.AdamW((0.8, 0.95))):
        one, other = (
            theory.equilibrium(n, 0.03 * n / eta, eta, noise=noise, optimizer=optimizer)
            for n, eta, noise in ((100.0, 0.2, 1.0), (777.0, 0.7, 0.3))
        )
        unit = (0.3 * 0.7) ** 2 if isinstance(optimizer, theory.SGD) else 0.7**2
        yield one.variance / 0.2**2, other.variance / unit
        yield one.relaxation_time, other.relaxation_time


WIDER = {"lr": 0.004, "weight_decay": 0.1, "batch_size": 10, "optimizer": "adamw", "width": 300, "to_width": 1024}
LETTERS = {r"\eta": 0.004, "d'": 1024, "d": 300, "r": 1.0, "c": 1.084, "p": -0.527, "D": 900.0, "N": 7.0}


def narrower_steps(block):
    for rule in ("wang-aitchison", "fan"):
        yield block.right(0, LETTERS), theory.rescale(**WIDER, width_rule=rule).lr


def held_gain(block):
    yield block.right(0, LETTERS), theory.rescale(**WIDER, width_rule="fan").scale_ratio


def part_of_the_run(block):
    run = {"lr": 1e-3, "optimizer": "adamw"}
    decay = theory.decay_for(tokens_per_parameter=900 / 7, steps=12_000, **run)
    yield block.right(0, LETTERS), theory.timescale(weight_decay=decay, **run).steps / 12_000


BLOCKS = {
    "theory.design.published": [narrower_steps, held_gain, part_of_the_run],
    "theory.design.rescale": [
        (
            r"\frac{E w^2}{\eta^2 \sigma^2} = f(x), \qquad \tau = g(x), \qquad x = \eta\lambda/n",
            one_number,
        )
    ],
}
