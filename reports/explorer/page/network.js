// The second panel: what a report measured on MNIST, over the decay and over the epochs.

const { settings: trained, runs } = network;
const layers = [2, 3], starts = ["large", "default"];
const lams = [...new Set(runs.map((run) => run.lam))].sort((a, b) => a - b);
const runOf = (lam, init, layer) => runs.find((run) => run.lam === lam && run.init === init && run.layer === layer);
const reading = (count) => 1 / Math.sqrt(count);
const root = (count) => `1/√${count.toLocaleString("en")}`;

/** What pure decay makes of a weight in each epoch. */
function shrinkPerEpoch(lam) {
  return formula.shrink_per_epoch({ eta: trained.eta, lambda: lam, m: trained.batch_size, n: trained.n });
}

function drawOverLam() {
  const [from, to] = [lams[0] / 1.3, lams[lams.length - 1] * 1.3];
  const labels = [];
  for (const layer of layers) {
    const mean = lams.map((lam) => starts.map((init) => runOf(lam, init, layer).end.predicted).reduce((a, b) => a + b) / 2);
    fill(`balance-${layer}`, { x: lams, y: mean });
    starts.forEach((init, side) => {
      const ends = lams.map((lam) => runOf(lam, init, layer).end), apart = side ? 1.04 : 1 / 1.04;
      fill(`end-${init}-${layer}`, {
        x: lams.map((lam) => lam * apart), y: ends.map((end) => end.measured),
        low: ends.map((end) => end.measured - end.error), high: ends.map((end) => end.measured + end.error),
      });
    });
    const count = trained.fan_in[layer];
    level(`reading-${layer}`, from, to, reading(count));
    labels.push([to, reading(count), root(count), "right", 4], [lams[1], mean[1], `layer ${layer}`, "left", 10]);
  }
  level("reading-all", from, to, reading(trained.n_weights));
  labels.push([to, reading(trained.n_weights), root(trained.n_weights), "right", 4]);
  frame("over-lam", [from, to], [reading(trained.n_weights) / 2, 5]);
  words("over-lam-words", labels);
}

function showNetwork({ lam }) {
  const shrink = shrinkPerEpoch(lam), last = runOf(lam, "large", 2).epochs.at(-1), labels = [];
  fill("chosen", { x: [lam, lam], y: [1e-3, 10] });
  for (const layer of layers) {
    const run = runOf(lam, "large", layer), epochs = Array.from({ length: 121 }, (_, i) => i * last / 120);
    fill(`pure-${layer}`, { x: epochs, y: epochs.map((epoch) => run.rms[0] * shrink ** epoch) });
    level(`held-${layer}`, last * 2 / 3, last, run.end.predicted);
    for (const init of starts) {
      const { epochs: x, rms: y, error } = runOf(lam, init, layer);
      fill(`course-${init}-${layer}`, { x, y, low: y.map((v, i) => v - error[i]), high: y.map((v, i) => v + error[i]) });
    }
    level(`tail-${layer}`, 0, last, reading(trained.fan_in[layer]));
    const above = run.end.predicted > reading(trained.fan_in[3]); // clear of the reading's line
    labels.push([0.5 * last, run.end.predicted, `layer ${layer}`, "left", above ? 8 : -22]);
    labels.push([last, reading(trained.fan_in[layer]), root(trained.fan_in[layer]), "right", -16]);
  }
  level("tail-all", 0, last, reading(trained.n_weights));
  labels.push([last, reading(trained.n_weights), root(trained.n_weights), "right", -16]);
  frame("over-epochs", [-0.012 * last, last * 1.02], [reading(trained.n_weights) / 2, 5]);
  words("over-epochs-words", labels);
  document.querySelectorAll("[data-lam]").forEach((table) => (table.hidden = Number(table.dataset.lam) !== lam));
}
