// The first panel: one weight, its law, and three hundred weights that walk.

const POINTS = 240, MOST_STEPS = 4e6, WEIGHTS = 300, TRACES = 24, MARKS = 24;
const WALK_LASTS = 6000; // ms, where the browser is fast enough
const lawOf = (settings) => (settings.optimizer === "adamw" ? adamw : linear);

function asSettings({ keeps, ...rest }) {
  return { ...rest, memory: rest.optimizer === "adamw" ? 0 : 1 - 1 / keeps };
}

/** Everything that the laws say of these settings; null where nothing holds the weight. */
function predict(settings) {
  const law = lawOf(settings);
  if (!law.holds(settings)) return null;
  const symbols = { ...symbolsOf(settings), h: 0 };
  return {
    scale: Math.sqrt(law.variance(settings)), balance: law.balance(settings), relaxation: law.relaxation(settings),
    inverse: 1 / Math.sqrt(settings.n), white: formula.white_meets(symbols), coherent: formula.coherent_meets(symbols),
  };
}

/** As many steps as show the decay and the tail, a multiple of the points drawn. */
function horizon({ start }, { scale, relaxation }) {
  const decay = Math.log(Math.max(Math.abs(start) / scale, 1)) + 3;
  return Math.max(1, Math.ceil(decay * relaxation / POINTS));
}

const oneWeight = { settings: null, spacing: 1, path: [], walking: 0 };

function showOneWeight(raw) {
  const settings = asSettings(raw), found = predict(settings);
  stopWalk();
  Object.assign(oneWeight, { settings, found });
  const button = document.getElementById("walk");
  for (const formulaBox of document.querySelectorAll("[data-law]")) {
    formulaBox.hidden = formulaBox.dataset.law !== (settings.optimizer === "adamw" ? "adamw" : "sgd");
  }
  if (!found) {
    for (const name of ["rms", "equilibrium", "literal", "inverse"]) fill(name, { x: [], y: [] });
    words("one-weight-words", []);
    button.disabled = true;
    report("one-weight-numbers", [["equilibrium", "none"]], "The step overshoots: the weight grows without bound. Take a smaller learning rate or less decay.");
    return;
  }
  const spacing = horizon(settings, found), end = spacing * POINTS;
  const x = Array.from({ length: POINTS + 1 }, (_, i) => i * spacing);
  const y = lawOf(settings).path(settings, spacing, POINTS).map(Math.sqrt);
  Object.assign(oneWeight, { spacing, path: y });
  const levels = [found.scale, found.inverse, found.balance, settings.start];
  const low = Math.min(...levels) / 3, high = Math.max(...levels) * 2;
  frame("one-weight", [0, end * 1.005], [low, high]);
  fill("rms", { x, y });
  level("equilibrium", 0, end, found.scale);
  level("literal", 0, end, found.balance);
  level("inverse", 0, end, found.inverse);
  words("one-weight-words", apart([
    [end, found.scale, "equilibrium"], [end, found.balance, "literal balance"], [end, found.inverse, "1/√n"],
  ], Math.log(high / low)));
  const tooLong = end > MOST_STEPS;
  button.disabled = tooLong;
  button.textContent = tooLong ? `too long a walk: ${shown(end)} steps` : "Let 300 weights walk";
  report("one-weight-numbers", [
    ["equilibrium", shown(found.scale)], ["relaxation time", `${shown(found.relaxation)} steps`],
    ["literal balance", shown(found.balance)], ["1/√n", shown(found.inverse)],
  ], verdictOnInverse(settings, found));
}

function verdictOnInverse(settings, { scale, inverse, white, coherent }) {
  const ratio = `The weight settles at ${shown(scale / inverse)} times 1/√n.`;
  if (settings.optimizer !== "sgd" || settings.momentum > 0) return ratio;
  const first = Number.isFinite(white) ? `white noise would put it at 1/√n only for λ = ${shown(white)}` : "white noise would put it there for no λ";
  return `${ratio} Without momentum, ${first}; noise that never changes its sign only for λ = ${shown(coherent)}.`;
}

/** Words above their lines, those of a lower line that is close below it. */
function apart(rows, decades) {
  const sorted = [...rows].sort((a, b) => b[1] - a[1]);
  return sorted.map(([x, y, text], k) => {
    const near = k > 0 && Math.log(sorted[k - 1][1] / y) < 0.06 * decades;
    return [x, y, text, "right", near ? -18 : 4];
  });
}

function stopWalk() {
  cancelAnimationFrame(oneWeight.walking);
  oneWeight.walking = 0;
  fill("swarm", { x: [], y: [] });
  fill("traces", { xs: [], ys: [] });
  fill("walked", { x: [], y: [], low: [], high: [] });
  document.getElementById("walk-numbers").textContent = "";
}

function walk() {
  stopWalk();
  const { settings, spacing, path } = oneWeight, swarm = new Swarm(settings, WEIGHTS);
  const xs = Array.from({ length: TRACES }, () => [0]), ys = xs.map(() => [Math.abs(settings.start)]);
  const marks = { x: [], y: [], low: [], high: [] }, every = POINTS / MARKS;
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches, began = performance.now();
  let reached = 0; // points of the line
  const onwards = () => {
    const now = performance.now(), until = now + 14;
    const aim = still ? POINTS : Math.min(POINTS, Math.max(reached + 1, Math.round(POINTS * (now - began) / WALK_LASTS)));
    while (reached < aim) {
      while (swarm.t < (reached + 1) * spacing && performance.now() < until) {
        for (let k = Math.min(64, (reached + 1) * spacing - swarm.t); k > 0; k--) swarm.advance();
      }
      if (swarm.t < (reached + 1) * spacing) break;
      reached += 1;
      for (let k = 0; k < TRACES; k++) {
        xs[k].push(swarm.t);
        ys[k].push(Math.abs(swarm.w[k]));
      }
      if (reached % every === 0) mark(marks, swarm);
    }
    if (!still || reached === POINTS) {
      fill("swarm", { x: new Array(WEIGHTS).fill(swarm.t), y: Array.from(swarm.w, Math.abs) });
      refill("traces", { xs, ys });
      refill("walked", marks);
      tellWalk(swarm, path[reached], reached === POINTS);
    }
    oneWeight.walking = reached < POINTS ? requestAnimationFrame(onwards) : 0;
  };
  onwards();
}

function mark(marks, swarm) {
  const { value, error } = swarm.rms();
  marks.x.push(swarm.t);
  marks.y.push(value);
  marks.low.push(value - error);
  marks.high.push(value + error);
}

function tellWalk(swarm, predicted, ended) {
  const { value, error } = swarm.rms(), place = document.getElementById("walk-numbers");
  place.setAttribute("aria-live", ended ? "polite" : "off"); // read aloud once, at the end
  const digits = Math.max(0, 1 - Math.floor(Math.log10(error))), [said, off, line] = [value, error, predicted].map((v) => v.toFixed(digits));
  place.textContent = `After ${shown(swarm.t)} steps: rms ${said} ± ${off} of ${WEIGHTS} weights, predicted ${line}.`;
}
