// Puts the panels together once the figures are drawn.

const ready = draw().then(() => {
  document.getElementById("walk").addEventListener("click", walk);
  const panel = document.getElementById("one-weight");
  listen(panel, showOneWeight);
  for (const chip of panel.querySelectorAll(".chip")) {
    chip.addEventListener("click", () => put(panel, JSON.parse(chip.dataset.set)));
  }
  drawOverLam();
  listen(document.getElementById("network"), showNetwork);
  listen(document.getElementById("run"), showRun);
  document.documentElement.dataset.ready = "yes";
});

// What a test, or a curious reader in the console, can ask.
window.explorer = { ready, formula, predict, alongRun, settingsOf, Swarm, path: (settings, spacing, count) => lawOf(settings).path(settings, spacing, count) };
