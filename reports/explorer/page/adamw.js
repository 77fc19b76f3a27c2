// AdamW: the laws of a normalised step. Its second moments come as tables from the quadrature of `theory`.

function tableOf({ beta1, beta2 }) {
  return tables[`${beta1}/${beta2}`];
}

/** A Chebyshev polynomial at z (Clenshaw). */
function chebyshev(coefficients, z) {
  let one = 0, two = 0;
  for (let k = coefficients.length - 1; k > 0; k--) [one, two] = [coefficients[k] + 2 * z * one - two, one];
  return coefficients[0] + z * one - two;
}

/** C_tt, f and g of every step t = 1 ... full, row by row; made once for each pair of betas. */
function filled(table) {
  if (!table.rows) {
    const width = table.chebyshev.length, early = table.stepwise.length;
    const low = Math.log(early), high = Math.log(table.full);
    table.rows = new Float64Array(table.full * width);
    table.stepwise.forEach((row, index) => table.rows.set(row, index * width));
    for (let t = early + 1; t <= table.full; t++) {
      const z = (2 * Math.log(t) - low - high) / (high - low);
      for (let c = 0; c < width; c++) table.rows[(t - 1) * width + c] = chebyshev(table.chebyshev[c], z);
    }
  }
  return table.rows;
}

/** The second moment of a weight from empty memories on, one step after the other. */
class AdamWWay {
  constructor(settings) {
    this.table = tableOf(settings);
    this.rows = filled(this.table);
    this.V = settings.start ** 2;
    this.t = 0;
    this.remembered = new Float64Array(this.table.r.length);
  }

  /** One step at this learning rate, which leaves the fraction a of the weight. */
  step(eta, a) {
    const { r, full } = this.table, m = r.length;
    const at = Math.min(this.t, full - 1) * (2 * m + 1);
    let shared = 0;
    for (let k = 0; k < m; k++) {
      shared += this.remembered[k] * this.rows[at + 1 + m + k];
      this.remembered[k] = r[k] * (a * this.remembered[k] + eta * this.rows[at + 1 + k]);
    }
    this.V = a * a * this.V + eta * eta * this.rows[at] + 2 * a * eta * shared;
    this.t += 1;
    return this.V;
  }
}

/** S(a): the sum over all lags of a^s times the autocovariance of the step. */
function summed(table, a) {
  return table.first.reduce((sum, c, k) => sum + 2 * formula.adamw_mode({ a, c, f: table.factor[k] }), table.alone);
}

function adamwVariance(settings, eta) {
  const { n, lam } = settings;
  const a = formula.left({ x: formula.rate({ eta, lambda: lam, n }) });
  return formula.adamw_variance({ S: summed(tableOf(settings), a), eta, lambda: lam, n });
}

/** E w^2 at t = 0, spacing, 2 spacing, ...; once all memories are filled the rest of the way is one exponential. */
function adamwPath(settings, spacing, count) {
  const { n, lam, eta } = settings;
  const x = formula.rate({ eta, lambda: lam, n }), a = formula.left({ x });
  const way = new AdamWWay(settings), out = [way.V];
  const settled = way.table.full + Math.ceil(40 / (1 - Math.max(...way.table.r)));
  const limit = adamwVariance(settings, eta);
  for (let i = 1; i <= count; i++) {
    while (way.t < Math.min(i * spacing, settled)) way.step(eta, a);
    const beyond = i * spacing - way.t;
    out.push(beyond > 0 ? limit + (way.V - limit) * Math.exp(2 * beyond * Math.log1p(-x)) : way.V);
  }
  return out;
}

const adamw = {
  holds: ({ n, lam, eta }) => formula.rate({ eta, lambda: lam, n }) < 2,
  variance: (settings) => adamwVariance(settings, settings.eta),
  balance: ({ n, lam }) => formula.adamw_balance({ lambda: lam, n }),
  relaxation: ({ n, lam, eta, beta1 }) =>
    1 / Math.min(-Math.log1p(-formula.rate({ eta, lambda: lam, n })), -Math.log(beta1)),
  path: adamwPath,
};
