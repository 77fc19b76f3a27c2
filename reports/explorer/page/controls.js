// Sliders and choices: native elements, so that keys, fingers and screen readers know them.

const minus = (text) => text.replace("-", "−");

/** A number for people: three digits, thousands apart, powers of ten beyond. */
function shown(exact, digits = 3) {
  if (!Number.isFinite(exact)) return "none";
  const value = Number(exact.toPrecision(digits));
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e7 || size < 1e-4)) {
    const [mantissa, power] = value.toExponential(1).split("e");
    return minus(`${mantissa.replace(".0", "")}·10${[...String(Number(power))].map((c) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[c] ?? "⁻").join("")}`);
  }
  return minus(size >= 1000 ? Math.round(exact).toLocaleString("en") : String(value));
}

/** The value at a slider's position. */
function valueAt(input, position) {
  const { scale, low, high, stops, whole } = input.dataset;
  if (stops) return JSON.parse(stops)[position];
  const part = position / input.max, from = Number(low), to = Number(high);
  const value = scale === "log" ? from * (to / from) ** part : from + (to - from) * part;
  const rounded = Number(value.toPrecision(2)); // so that people meet the numbers they think in
  return whole ? Math.round(rounded) : Math.min(Math.max(rounded, from), to);
}

function wording(input, value) {
  const unit = input.dataset.unit;
  if (unit === "%") return `${shown(100 * value)}%`;
  return value === 1 ? `1 ${unit.replace(/s$/, "")}`.trim() : `${shown(value)} ${unit}`.trim();
}

/** The settings of a panel, by name. */
function settingsOf(panel) {
  const settings = {};
  for (const input of panel.querySelectorAll("input[type=range]")) settings[input.name] = valueAt(input, Number(input.value));
  for (const select of panel.querySelectorAll("select")) settings[select.name] = select.value;
  return settings;
}

/** Shows every value in words, leaves out what has no meaning for what is chosen, and calls back on each change. */
function listen(panel, changed) {
  const say = () => {
    const chosen = [...panel.querySelectorAll("select")].map((select) => select.value);
    for (const control of panel.querySelectorAll("[data-for]")) {
      control.hidden = !control.dataset.for.split(" ").some((name) => chosen.includes(name));
    }
    for (const input of panel.querySelectorAll("input[type=range]")) {
      const words = wording(input, valueAt(input, Number(input.value)));
      input.setAttribute("aria-valuetext", words);
      input.style.setProperty("--part", `${100 * input.value / input.max}%`);
      document.getElementById(`${input.id}-value`).textContent = words;
    }
  };
  panel.addEventListener("input", () => {
    say();
    changed(settingsOf(panel));
  });
  say();
  changed(settingsOf(panel));
}

/** Puts controls to these values, as near as their positions allow, and lets the panel know. */
function put(panel, values) {
  for (const [name, value] of Object.entries(values)) {
    const control = panel.querySelector(`[name=${name}]`);
    if (control.type !== "range") control.value = value;
    else {
      const positions = Array.from({ length: Number(control.max) + 1 }, (_, position) => position);
      const away = (position) => Math.abs(valueAt(control, position) - value);
      control.value = positions.reduce((best, position) => (away(position) < away(best) ? position : best));
    }
  }
  panel.dispatchEvent(new Event("input"));
}

/** Writes numbers as text: [label, value] rows, and a sentence. */
function report(id, rows, sentence = "") {
  const list = rows.map(([label, value]) => `<div><dt>${label}</dt><dd>${value}</dd></div>`).join("");
  document.getElementById(id).innerHTML = `<dl>${list}</dl>${sentence ? `<p>${sentence}</p>` : ""}`;
}
