// SGD and SGDW: linear recursions s' = M s + B xi of weight, buffer and noise. Their laws are in `formula`.

/** The symbols of the laws for one set of settings. */
function symbolsOf({ optimizer, n, lam, eta, memory, momentum, noise }) {
  const k = eta * lam / n;
  const decoupled = optimizer === "sgdw";
  return {
    x: decoupled ? 0 : k, y: decoupled ? k : 0, eta, n, lambda: lam, mu: momentum,
    sigma: noise ?? 1 / Math.sqrt(n), r: memory, d: 1 - memory,
  };
}

const SIZE = 3; // weight, buffer, noise

function times(A, B) {
  const out = new Array(SIZE * SIZE).fill(0);
  for (let i = 0; i < SIZE; i++)
    for (let k = 0; k < SIZE; k++)
      for (let j = 0; j < SIZE; j++) out[i * SIZE + j] += A[i * SIZE + k] * B[k * SIZE + j];
  return out;
}

function transposed(A) {
  return A.map((_, index) => A[(index % SIZE) * SIZE + Math.floor(index / SIZE)]);
}

/** M P M^T + Q. */
function carried({ M, Q }, P) {
  return times(times(M, P), transposed(M)).map((value, index) => value + Q[index]);
}

/** What so many steps make of the second moments, by doubling: sums of positive terms, nothing cancels. */
function composite(step, count) {
  let power = { M: [1, 0, 0, 0, 1, 0, 0, 0, 1], Q: new Array(9).fill(0) };
  for (const bit of count.toString(2)) {
    power = { M: times(power.M, power.M), Q: carried(power, power.Q) };
    if (bit === "1") power = { M: times(step.M, power.M), Q: carried(step, power.Q) };
  }
  return power;
}

function linearStep(symbols) {
  const B = formula.linear_B(symbols);
  return { M: formula.linear_M(symbols), Q: B.flatMap((left) => B.map((right) => left * right)) };
}

/** E w^2 at t = 0, spacing, 2 spacing, ... from a weight at `start`, an empty buffer, and noise that runs for ever. */
function linearPath(settings, spacing, count) {
  const leap = composite(linearStep(symbolsOf(settings)), spacing);
  let P = [settings.start ** 2, 0, 0, 0, 0, 0, 0, 0, 1];
  const out = [P[0]];
  for (let i = 0; i < count; i++) out.push((P = carried(leap, P))[0]);
  return out;
}

/** Steps in which the memory of the start, or of the noise if that lasts longer, falls by e. */
function linearRelaxation(symbols) {
  const [, minusSum, product] = formula.linear_gaps(symbols);
  const half = -minusSum / 2, square = half * half - product;
  const own = square >= 0
    ? -Math.log1p(-product / (half + Math.sqrt(square))) // the smaller gap, 1 - z of the slowest mode
    : -Math.log1p(product - 2 * half) / 2; // two modes of one size: |z|^2 = 1 - 2 half + product
  const noise = -Math.log(Math.abs(symbols.r));
  return 1 / Math.min(own, noise);
}

const linear = {
  holds: (settings) => formula.linear_conditions(symbolsOf(settings)).every((condition) => condition > 0),
  variance: (settings) => formula.linear_variance(symbolsOf(settings)),
  balance: (settings) => formula.linear_balance(symbolsOf(settings)),
  relaxation: (settings) => linearRelaxation(symbolsOf(settings)),
  path: linearPath,
};
