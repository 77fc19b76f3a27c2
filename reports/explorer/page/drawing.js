// The figures: found by name, filled with numbers, coloured as the page is.

const roles = ["ink", "quiet", "rule", "accent", "paper", "wash"];
const documents = [];

function named(name) {
  for (const doc of documents) {
    const found = doc.get_model_by_name(name);
    if (found) return found;
  }
  throw new Error(`no figure or source is called ${name}`);
}

function fill(name, data) {
  named(name).data = data;
}

/** The same for arrays that grow in place. */
function refill(name, data) {
  const source = named(name);
  if (source.data.x !== data.x || source.data.xs !== data.xs) source.data = data;
  source.change.emit();
}

/** A horizontal line from x = from to x = to. */
function level(name, from, to, y) {
  fill(name, Number.isFinite(y) && y > 0 ? { x: [from, to], y: [y, y] } : { x: [], y: [] });
}

/** Words at points: [x, y, text, align, shift]. */
function words(name, rows) {
  const kept = rows.filter(([, y]) => Number.isFinite(y));
  const columns = ["x", "y", "text", "align", "shift"];
  fill(name, Object.fromEntries(columns.map((column, k) => [column, kept.map((row) => row[k])])));
}

function frame(name, x, y) {
  const { x_range, y_range } = named(name);
  x_range.setv({ start: x[0], end: x[1] });
  y_range.setv({ start: y[0], end: y[1] });
}

/** Gives every model the colour that its tags name, and axes and grids those of the page. */
function colour() {
  const style = getComputedStyle(document.documentElement);
  const palette = Object.fromEntries(roles.map((role) => [role, style.getPropertyValue(`--${role}`).trim()]));
  for (const doc of documents) {
    for (const model of doc._all_models.values()) {
      for (const tag of model.tags) {
        const [property, role] = tag.split("=");
        const many = typeof model[property] === "object"; // one value for all marks, or the property itself
        model[property] = many ? { value: palette[role] } : palette[role];
      }
      if ("axis_line_color" in model) {
        model.setv({
          axis_line_color: palette.rule, major_tick_line_color: palette.rule, major_label_text_color: palette.quiet,
          axis_label_text_color: palette.quiet,
        });
      }
      if ("grid_line_color" in model) model.grid_line_color = palette.rule;
    }
  }
}

async function draw() {
  for (const [name, item] of Object.entries(figures)) {
    const views = await Bokeh.embed.embed_item(item, `figure-${name}`);
    documents.push(views.roots[0].model.document);
  }
  colour();
  const narrow = matchMedia("(max-width: 48rem)"), ticks = () => {
    for (const name of ["one-weight", "over-epochs", "run"]) named(name).below[0].ticker.desired_num_ticks = narrow.matches ? 3 : 5;
  };
  narrow.addEventListener("change", ticks);
  ticks();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", colour);
}
