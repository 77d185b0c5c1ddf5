/* The planner: menus above a figure that carries its choices in layout.meta.planner, and a slider for the budget.
   Everything was computed beforehand; this only swaps what the traces show. Without it the first choice stays. */
(function () {
  "use strict";

  const CONTOUR = 0, FLAT = 1, LIMIT = 2, CLOUD = 3, POINTS = 4, CLAIM = 5, BEST = 6;

  function element(name, properties, ...children) {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
  }

  const labelled = (text, control) => element("label", {}, element("span", { textContent: text }), control);

  function options(select, values, texts) {
    const kept = select.value;
    select.replaceChildren(...values.map((value, k) => new Option((texts || values)[k], value)));
    select.value = values.includes(kept) ? kept : values[0];
  }

  /* The traces of one entry and state, in the order in which the figure was made. */
  function traces(plot, entry, state) {
    const data = plot.data.map((trace) => Object.assign({}, trace));
    const place = (index, x, y) => Object.assign(data[index], { x, y });
    Object.assign(place(CONTOUR, entry.x, entry.y), { z: entry.z });
    place(FLAT, ...state.flat);
    place(LIMIT, ...state.line);
    place(CLOUD, state.cloud[0], state.cloud[1]).marker = Object.assign({}, data[CLOUD].marker, { size: state.cloud[2] });
    place(POINTS, entry.points[0], entry.points[1]).customdata = entry.points[2];
    place(CLAIM, ...state.claim);
    place(BEST, [state.best[0]], [state.best[1]]);
    ["error_x", "error_y"].forEach((name, k) => {
      const [arrayminus, array] = state.error[k];
      data[BEST][name] = Object.assign({}, data[BEST][name], { array: [array], arrayminus: [arrayminus] });
    });
    return data;
  }

  function build(figure, plan) {
    const plot = figure.querySelector(".recscale-plot");
    const unique = (name) => [...new Set(plan.entries.map((entry) => entry[name]))];
    const menus = { grid: element("select"), metric: element("select"), law: element("select"), kind: element("select") };
    const budget = element("input", { type: "range", min: 0, step: 1 });
    const shown = element("output"), words = element("p", { className: "planner-words" });
    words.setAttribute("aria-live", "polite");
    for (const name of ["grid", "metric", "law"]) options(menus[name], unique(name));

    const entry = () =>
      plan.entries.find((one) => ["grid", "metric", "law"].every((name) => one[name] === menus[name].value));

    function apply(redraw) {
      const chosen = entry(), kinds = Object.keys(chosen.kinds);
      options(menus.kind, kinds, kinds.map((kind) => plan.kinds[kind]));
      const states = chosen.kinds[menus.kind.value];
      budget.max = states.length - 1;
      budget.disabled = states.length < 2;
      const state = states[Math.min(Number(budget.value), states.length - 1)];
      shown.textContent = state.budget ? `at most ${state.budget}` : "";
      words.textContent = state.words;
      if (!redraw || plot.dataset.drawn !== "yes") return;
      const layout = Object.assign({}, plot.layout);
      ["xaxis", "yaxis"].forEach((axis, k) => {
        layout[axis] = Object.assign({}, layout[axis], { tickvals: chosen.ticks[k], autorange: true });
      });
      Plotly.react(plot, traces(plot, chosen, state), layout);
    }

    const bar = element("div", { className: "planner-bar" });
    bar.append(
      labelled("data", menus.grid), labelled("metric", menus.metric), labelled("law", menus.law),
      labelled("budget", menus.kind), labelled("", budget), shown
    );
    budget.setAttribute("aria-label", "size of the budget");
    bar.addEventListener("input", () => apply(true));
    figure.prepend(bar);
    plot.after(words);
    apply(false);
  }

  function start() {
    for (const figure of document.querySelectorAll("figure.recscale-figure")) {
      const source = figure.querySelector('script[type="application/json"]').textContent;
      if (!source.includes('"planner"')) continue;
      const { layout } = JSON.parse(source);
      if (layout.meta && layout.meta.planner) build(figure, layout.meta.planner);
    }
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
