"""The table of written formulas of theory/committee (see tests/theory/test_written_formulas.py)."""

import numpy as np
from scipy.special import erf

import theory
from theory.committee.cancelling_pair_derivation import derive_cancelling_pair
from theory.committee.gaussian_integrals import i2, i3, i4, j2
from theory.committee.linear_noise import drift_beyond_flow
from theory.committee.logistic_unit import _flow, _mean_product, _mean_slope
from theory.committee.noise_labels import _imbalance
from theory.committee.order_parameters import Flow
from theory.committee.step_noise import _Averages, increment_covariance
from theory.settings import OnlineRule, Overlaps

C = np.array([[1.0, 0.3, 0.2, 0.1], [0.3, 0.7, -0.1, 0.2], [0.2, -0.1, 1.3, 0.4], [0.1, 0.2, 0.4, 0.9]])
ONE = np.eye(4) + C


def minor(rows, columns):
    return float(np.linalg.det(C[np.ix_([r - 1 for r in rows], [c - 1 for c in columns])]))


def principal(*fields):
    index = [f - 1 for f in fields]
    return float(np.linalg.det(ONE[np.ix_(index, index)]))


ENTRIES = {f"C_{{{a + 1}{b + 1}}}": C[a, b] for a in range(4) for b in range(a, 4)} | {
    r"[12;12]": minor((1, 2), (1, 2)),
    r"[12;13]": minor((1, 2), (1, 3)),
    r"\Lambda_{12}": principal(1, 2),
    r"\Lambda_{13}": principal(1, 3),
    r"\Lambda_0": float(np.linalg.det(ONE[np.ix_([0, 1, 2], [0, 1, 3])])),
    r"\Lambda_1": principal(1, 2, 3),
    r"\Lambda_2": principal(1, 2, 4),
}


def integral_2(block):
    yield block.right(0, ENTRIES), i2(C, 0, 1)


def slopes(block):
    yield block.right(0, ENTRIES), j2(C, 0, 1)
    yield block.right(1, ENTRIES), principal(1, 2)


def integral_3(block):
    yield block.right(0, ENTRIES), i3(C, 0, 1, 2)


def integral_4(block):
    yield block.right(0, ENTRIES), i4(C, 0, 1, 2, 3)


def covariance_of_2_and_1(block):
    minors = {"[13;14]": minor((1, 3), (1, 4)), "[23;24]": minor((2, 3), (2, 4))}
    yield block.right(0, ENTRIES | minors | {"[123;124]": minor((1, 2, 3), (1, 2, 4))}), ENTRIES[r"\Lambda_0"]


# One unit, and a pair.
RULE = OnlineRule(eta=0.7, gamma=0.02, sigma=0.9, batch_size=3)
UNIT = theory.saturated_unit(RULE, Overlaps(Q=1.0))
RATES = {"eta": 0.7, "gamma": 0.02, "sigma": 0.9, "m": 3}
PAIR = theory.cancelling_pair(OnlineRule(eta=0.7, gamma=1e-4, sigma=0.9, batch_size=3))


def saturated_flow(block):
    drive = block.right(1, RATES | {r"\sigma_{\rm eff}": UNIT.outside**0.5})
    yield drive, UNIT.drive
    h, alpha = 1e-3, 5.0
    Q = [float(UNIT.Q(alpha + k * h, 100.0)) for k in (-2, -1, 0, 1, 2)]
    slope = (Q[0] - 8 * Q[1] + 8 * Q[3] - Q[4]) / (12 * h)
    yield np.round(block.right(0, RATES | {"Q": Q[2], "A": UNIT.drive}), 7), np.round(slope, 7)


def decay_law(block):
    level = block.right(1, RATES | {"A": UNIT.drive})
    yield level, UNIT._level
    yield block.right(0, RATES | {"B": level, "Q_0^{3/2}": 1000.0, "alpha": 5.0}), UNIT.Q(5.0, 100.0) ** 1.5
    yield block.right(2, {"|B|": abs(level)}), UNIT.crossover


def fixed_point(block):
    letters = RATES | {"Q": 2.5}
    yield block.left(0, letters) - block.right(0, letters), RULE.eta * _imbalance(RULE, 0.02, 2.5)
    letters["Q"] = theory.noise_fixed_point(RULE)
    yield block.left(0, letters), block.right(0, letters)


def of_pair(name):
    q = next(s for s in derive_cancelling_pair()[name].rhs.free_symbols if s.name == "q")
    return float(derive_cancelling_pair()[name].rhs.subs(q, PAIR.q))


def pair_letters():
    own = {"D": of_pair("D"), "X": of_pair("X"), "A": PAIR.drive}
    return RATES | {"gamma": 1e-4, "q": PAIR.q} | own


def pair_sum(block):
    yield block.left(0, pair_letters()), block.right(0, pair_letters())


def pair_norm(block):
    yield block.right(0, pair_letters()), PAIR.Q
    yield block.right(1, pair_letters()), PAIR.drive


def pair_averages(block):
    yield block.right(0, {"q": PAIR.q}), of_pair("D")
    yield block.right(1, {"q": PAIR.q}), of_pair("X")


# The flow of overlaps: two students, one teacher.
START = Overlaps(Q=np.array([[1.2, 0.3], [0.3, 0.8]]), R=np.array([[0.4], [-0.2]]), T=np.array([[1.0]]))
FLOW = Flow.of(RULE, START)
STATE = FLOW.state(START)
GRAM = START.gram
SIGNS = [-1, -1, 1]


def pull(i, b):
    return sum(s * i3(GRAM, i, b, a) for a, s in enumerate(SIGNS))


def kick(i, k):
    pairs = sum(s * t * i4(GRAM, i, k, a, b) for a, s in enumerate(SIGNS) for b, t in enumerate(SIGNS))
    return pairs + 0.9**2 * j2(GRAM, i, k)


def flow_of_R():
    yield [-0.02 * GRAM[i, 2] + 0.7 * pull(i, 2) for i in (0, 1)], FLOW(STATE)[:2]


def flow_of_Q():
    pairs = ((0, 0), (0, 1), (1, 1))
    flow = [-0.04 * GRAM[i, k] + 0.7 * (pull(i, k) + pull(k, i)) + 0.7**2 / 3 * kick(i, k) for i, k in pairs]
    yield flow, FLOW(STATE)[2:]


def kicks():
    yield [kick(0, 0), kick(0, 1), kick(1, 1)], FLOW.kick(GRAM)


def rest():
    network = theory.teacher_student(RULE, START)
    relaxation, flow = network.relaxation, network.flow
    assert (np.linalg.eigvals(flow.jacobian(relaxation.rest)).real < 0).all()
    yield relaxation.at(np.zeros(1))[0], flow.state(START)
    yield np.round(flow(relaxation.rest), 9), np.zeros(len(STATE))


NETWORK = theory.teacher_student(RULE, START)
NOISE = NETWORK.linear_noise


def lyapunov():
    J, S = NOISE.jacobian, NOISE.covariance
    yield J @ S + S @ J.T, -increment_covariance(NOISE.flow, NOISE.state)
    yield np.sqrt(np.diag(S) / 1000)[:2], NETWORK.at_fan_in(1000).R_sd[:, 0]


def bias():
    """H from differences of the Jacobian."""
    h, n = 1e-4, len(NOISE.state)
    H = np.array([(NOISE.flow.jacobian(NOISE.state + h * e) - NOISE.flow.jacobian(NOISE.state - h * e)) / (2 * h)
                  for e in np.eye(n)])  # fmt: skip
    curved = np.einsum("kij,jk->i", H, NOISE.covariance)
    drift = drift_beyond_flow(NOISE.flow, NOISE.state)
    written = -np.linalg.solve(NOISE.jacobian, drift + curved / 2)
    yield np.round(written / NOISE.bias, 4), np.ones(n)


def drift():
    """The third average as twice the derivative of the kicks when C is scaled; the fourth from mean slopes."""
    h = 1e-5
    longer = (FLOW.kick((1 + h) * GRAM) - FLOW.kick((1 - h) * GRAM)) / h
    d = np.array([[s * float(j2(GRAM, i, b)) for b, s in enumerate(SIGNS)] for i in (0, 1)])
    for i in (0, 1):  # <g''_i e> = -<x_i g'_i e>
        d[i, i] -= sum(s * float(i3(GRAM, i, i, a)) for a, s in enumerate(SIGNS))
    between = d @ GRAM @ d.T
    found = drift_beyond_flow(FLOW, STATE)
    for row, (i, k) in enumerate(((0, 0), (0, 1), (1, 1))):
        own = 0.02**2 * GRAM[i, k] - 0.02 * 0.7 * (pull(i, k) + pull(k, i))
        written = own + 0.7**2 / 3 * longer[row] + 0.7**2 * 2 / 3 * between[i, k]
        yield np.round(written, 8), np.round(found[2 + row], 8)
    yield found[:2], np.zeros(2)


def tilted():
    """The tilted covariance, and its weight: the average of g'_0 g'_1 alone is J_2."""
    averages = _Averages(GRAM, FLOW.signs, 0.9)
    weight, fields, _ = averages._tilt((0, 1))
    E = np.eye(3)[:, :2]
    tilted = GRAM - GRAM @ E @ np.linalg.inv(np.eye(2) + E.T @ GRAM @ E) @ E.T @ GRAM
    yield np.round(tilted, 2), np.round(fields @ fields.T / fields.shape[1], 2)
    yield weight, j2(GRAM, 0, 1)


def scales():
    sized = NETWORK.at_fan_in(784)
    mean = NETWORK.stationary.Q + NOISE.flow.gram(NOISE.bias)[:2, :2] / 784
    yield np.sqrt(np.diag(sized.Q) / 784), sized.scale
    yield np.diag(mean), np.diag(sized.Q)


def exponent():
    """Against the slope of the scale between two fan-ins that lie close together; and of X* by differences."""
    rule, start, h = OnlineRule(eta=0.5, gamma=0.05, sigma=0.8), Overlaps(Q=4.0, R=0.0, T=1.0), 1e-4
    both = theory.scaling(
        rule, start, [100 * np.exp(-h), 100 * np.exp(h)], eta_power=0.4, gamma_power=0.3, reference=100
    )
    local = theory.scaling(rule, start, [100.0], eta_power=0.4, gamma_power=0.3, reference=100)
    slope = np.log(both.scale[1] / both.scale[0]) / (2 * h)
    yield np.round(slope, 6), np.round(local.local_exponent[0], 6)


def diffusive(block):
    yield block.right(0, {"p": 0.7, "q": 0.2}), theory.diffusive_exponent(0.7, 0.2)


def logistic_letters():
    return {
        "eta": 1.2, "gamma": 0.03, "m": 3, "R": 0.4, "Q": 1.7, "T": 0.9, "S(T)": _mean_slope(0.9),
        "S(Q)": _mean_slope(1.7), "G": _mean_product(1.7, 0.4, 0.9),
    }  # fmt: skip


def logistic_flow(row):
    def entry(block):
        yield block.right(0, logistic_letters()), _flow(np.array([0.4, 1.7]), 0.9, 1.2, 0.03, 3)[row]

    return entry


def logistic_decay(block):
    u = block.right(1, {"eta": 1.2, "gamma": 0.01})
    root = block.right(0, {r"\sqrt{Q_0}": 50.0, "u": u, "gamma": 0.01, "alpha": 9.0})
    yield root**2, theory.saturated_logistic(9.0, 2500.0, eta=1.2, gamma=0.01)


def unit_slope():
    """g' is the derivative of g = erf(x / sqrt 2)."""
    x, h = 0.7, 1e-4
    slope = (erf((x + h) / 2**0.5) - erf((x - h) / 2**0.5)) / (2 * h)
    yield np.round(np.sqrt(2 / np.pi) * np.exp(-(x**2) / 2), 7), np.round(slope, 7)


BLOCKS = {
    "theory.committee.cancelling_pair": [pair_sum, pair_norm, pair_averages],
    "theory.committee.fan_in_scaling": [
        (
            r"\frac{d \ln w_{\rm rms}}{d \ln N} = \frac12 \Big(\frac{d \ln \mathrm{tr}\, Q^*}{d \ln N} - 1\Big), "
            r"\qquad \frac{dX^*}{d \ln N} = -J^{-1} (p\, \eta\, \partial_\eta f + q\, \gamma\, \partial_\gamma f)",
            exponent,
        )
    ],
    "theory.committee.gaussian_integrals": [integral_2, slopes, integral_3, integral_4],
    "theory.committee.linear_noise": [
        (r"J \Sigma + \Sigma J^T + D = 0, \qquad \mathrm{Cov}\, X = \Sigma / N", lyapunov),
        (r"E X = X^* + m_1 / N, \qquad m_1 = -J^{-1} (a_1 + \tfrac12 H : \Sigma)", bias),
        (
            r"a_1^{ik} = \gamma^2 Q_{ik} - \gamma\eta \langle \delta_i x_k + \delta_k x_i \rangle + \frac{\eta^2}{m} "
            r"\langle \delta_i \delta_k (z^T C^{-1} z - K - M) \rangle + \eta^2 \frac{m - 1}{m} d_i^T C d_k",
            drift,
        ),
    ],
    "theory.committee.logistic_decay": [logistic_decay],
    "theory.committee.logistic_unit": [logistic_flow(0), logistic_flow(1)],
    "theory.committee.order_parameters": [
        (
            r"\dot R_{in} = -\gamma R_{in} + \eta \langle \delta_i y_n \rangle, \quad "
            r"\langle \delta_i b \rangle = \sum_a s_a I_3(i, b, a)",
            flow_of_R,
        ),
        (
            r"\dot Q_{ik} = -2\gamma Q_{ik} + \eta \langle \delta_i x_k + \delta_k x_i \rangle "
            r"+ \frac{\eta^2}{m} \langle \delta_i \delta_k \rangle",
            flow_of_Q,
        ),
        (r"\langle \delta_i \delta_k \rangle = \sum_{ab} s_a s_b I_4(i, k, a, b) + \sigma^2 J_2(i, k)", kicks),
    ],
    "theory.committee.relaxation": [
        (
            r"\dot X = f(X), \quad X(0) = X_0; \qquad f(X^*) = 0, \quad \mathrm{Re}\,\mathrm{spec}\, f'(X^*) < 0",
            rest,
        )
    ],
    "theory.committee.saturation": [saturated_flow, decay_law, fixed_point],
    "theory.committee.step_noise": [
        (
            r"g'_{i_1} \cdots g'_{i_p} = (2/\pi)^{p/2} e^{-|E^T z|^2/2}, \qquad C_S = C - C E (1 + E^T C E)^{-1} E^T C",
            tilted,
        )
    ],
    "theory.committee.teacher_student": [
        (r"w_i^{\mathrm{rms}} = \sqrt{E Q_{ii} / N}, \qquad E Q_{ii} = Q^*_{ii} + m_{ii} / N", scales)
    ],
}

INLINE = {
    "theory.committee.cancelling_pair": {"q = Q_{11} + Q_{12}": None},
    "theory.committee.fan_in_scaling": {
        r"w_{\rm rms} = \sqrt{Q^*(\eta, \gamma)/N}": None,
        r"\nu = \frac13 (2p - q) - \frac12": diffusive,
    },
    "theory.committee.gaussian_integrals": {
        r"g(x) = \mathrm{erf}(x/\sqrt2)": None,
        r"g'(x) = \sqrt{2/\pi}\,e^{-x^2/2}": (r"g'(x) = \sqrt{2/\pi}\,e^{-x^2/2}", unit_slope),
        "[ab;cd] = C_{ac} C_{bd} - C_{ad} C_{bc}": None,
        r"\Lambda_0 = C_{34} + [13;14] + [23;24] + [123;124]": covariance_of_2_and_1,
    },
    "theory.committee.linear_noise": {r"d_i = \langle \partial\delta_i / \partial z \rangle": None},
    "theory.committee.logistic_unit": dict.fromkeys(
        [
            "p = s(x)",
            "s(x) = 1/(1 + e^{-x})",
            r"x = w \cdot \xi",
            r"y = B \cdot \xi",
            r"S(v) = \langle s'(\sqrt v\,u) \rangle",
            r"G = \langle s(x) s(y) \rangle",
        ]
    ),
    "theory.committee.order_parameters": dict.fromkeys(
        [
            r"x_i = w_i \cdot \xi",
            r"y_n = B_n \cdot \xi",
            r"g(x) = \mathrm{erf}(x/\sqrt2)",
            r"e = \sum_n g(y_n) + \sigma\nu - \sum_j g(x_j)",
            r"\delta_i = g'(x_i) e",
            r"Q = w \cdot w",
            r"R = w \cdot B",
            r"T = B \cdot B",
        ]
    ),
    "theory.committee.saturation": {r"Q = |w|^2 \gg 1": None},
}
