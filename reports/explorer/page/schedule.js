// A run whose learning rate changes: the factors of every step, and the second moment of a weight along it.

const falls = { constant: () => 1, ...fall };

/** Factors of the peak's rate: a warm-up, a plateau, a fall to zero over the last `cooldown` steps. */
function factorsOf({ shape, steps, warmup, cooldown }) {
  const length = shape === "trapezoid" ? cooldown : steps - warmup;
  const y = (t) => Math.min((steps - t) / length, 1);
  return Float64Array.from({ length: steps }, (_, t) => (t < warmup ? (t + 1) / warmup : falls[shape]({ y: y(t) })));
}

/** E w^2 before the first and after every step, the clock of what is forgotten, and the equilibrium of the moment. */
function alongRun(settings) {
  const factors = factorsOf(settings), steps = factors.length;
  const { lr, decay, optimizer, noise } = settings;
  const variance = new Float64Array(steps + 1), moment = new Float64Array(steps), clock = new Float64Array(steps + 1);
  const way = optimizer === "adamw" ? new AdamWWay(settings) : null;
  variance[0] = settings.start ** 2;
  for (let t = 0; t < steps; t++) {
    const eta = lr * factors[t], x = formula.rate({ eta, lambda: decay, n: 1 });
    variance[t + 1] = way
      ? way.step(eta, formula.left({ x }))
      : formula.plain_step({ V: variance[t], eta, sigma: noise, x });
    moment[t] = way
      ? adamwVariance({ ...settings, n: 1, lam: decay }, eta)
      : formula.plain_variance({ x, d: 1, eta, sigma: noise });
  }
  for (let t = steps - 1; t >= 0; t--) clock[t] = clock[t + 1] - Math.log1p(-formula.rate({ eta: lr * factors[t], lambda: decay, n: 1 }));
  const peak = way ? adamwVariance({ ...settings, n: 1, lam: decay }, lr)
    : formula.plain_variance({ x: formula.rate({ eta: lr, lambda: decay, n: 1 }), d: 1, eta: lr, sigma: noise });
  return { factors, variance, moment, clock, peak, remembered: remembered(variance, clock, 0.95) };
}

/** The fraction of the run, counted from its end, that makes this share of the final mean square. */
function remembered(variance, clock, share) {
  const steps = variance.length - 1;
  for (let t = steps; t >= 0; t--) {
    if (variance[t] * Math.exp(-2 * clock[t]) <= (1 - share) * variance[steps]) return (steps - t) / steps;
  }
  return 1;
}
