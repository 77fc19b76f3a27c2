// The third panel: a training run under a schedule.

const DRAWN = 600; // points of a line

function asRun({ warmup, cooldown, steps, ...rest }) {
  return { ...rest, steps, warmup: Math.round(warmup * steps), cooldown: Math.max(1, Math.round(cooldown * steps)) };
}

function showRun(raw) {
  const settings = asRun(raw), { steps, start } = settings;
  const { factors, variance, moment, clock, peak, remembered: share } = alongRun(settings);
  const chosen = [...new Set(Array.from({ length: DRAWN + 1 }, (_, i) => Math.round(i * steps / DRAWN)))];
  const inside = chosen.filter((t) => t < steps);
  const along = chosen.map((t) => Math.sqrt(variance[t]));
  fill("factors", { x: inside, y: inside.map((t) => factors[t]) });
  fill("moment", { x: inside, y: inside.map((t) => Math.sqrt(moment[t])) });
  fill("along", { x: chosen, y: along });
  fill("unforgotten", { x: chosen, y: chosen.map((t) => start * Math.exp(clock[t] - clock[0])) });
  const from = (1 - share) * steps, top = 1.15 * Math.max(...along, Math.sqrt(peak), start);
  named("counted").setv({ left: from, right: steps });
  frame("rates", [0, steps], [0, 1.08]);
  frame("run", [0, steps], [0, top]);
  const late = from > 0.6 * steps;
  words("run-words", [
    [late ? from : from + 0.012 * steps, 0.93 * top, share < 1 ? "the end is made of these steps" : "the end remembers the start", late ? "right" : "left", 0],
  ]);
  report("run-numbers", [
    ["rms at the end", shown(along.at(-1))], ["equilibrium at the peak", shown(Math.sqrt(peak))],
    ["memories it lasts", shown(clock[0])], ["left of the start weight", `${shown(100 * Math.exp(-clock[0]))}%`],
  ], sentenceOnRun(share, along.at(-1) / Math.sqrt(peak)));
}

function sentenceOnRun(share, ratio) {
  const memory = share >= 1
    ? "The run is too short: more than 5% of the final mean square is still the start's."
    : `The last ${shown(100 * share)}% of the run make 95% of the final mean square.`;
  return `${memory} The run ends at ${shown(ratio)} times the equilibrium of its peak rate.`;
}
