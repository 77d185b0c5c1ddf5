/* The planner: menus above a figure that carries its choices in layout.meta.planner, a slider and a field for the
   budget, and the numbers of the choice below. planner-data.js reads the choices. Without them the first one stays. */
(function () {
  "use strict";

  const CONTOUR = 0, TIED = 1, LIMIT = 2, CLOUD = 3, POINTS = 4, CLAIM = 5, BEST = 6;
  const LIMITS = { range: "at the edge: no optimum known", budget: "forced by the budget" };
  const AXES = ["depth H", "width d"];

  function element(name, properties, ...children) {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
  }

  const labelled = (text, control) => element("label", {}, element("span", { textContent: text }), control);
  const grouped = (number) => number.toLocaleString("en", { maximumFractionDigits: 0 });
  const fixed = (number) => number.toFixed(4).replace("-", "−");
  const interval = ([value, low, high]) => fixed(value) + (low === null ? "" : ` [${fixed(low)}, ${fixed(high)}]`);
  const shape = ([layers, width]) => `${layers} × ${width}`;

  function options(select, values, texts) {
    const current = select.value;
    select.replaceChildren(...values.map((value, k) => new Option((texts || values)[k], value)));
    select.value = values.includes(current) ? current : values[0];
  }

  /* The traces of one entry and state, in the order in which the figure was made. */
  function traces(plot, entry, grid, state) {
    const data = plot.data.map((trace) => Object.assign({}, trace)), { surface } = window.recscale.plannerData;
    const place = (index, x, y) => Object.assign(data[index], { x, y });
    Object.assign(data[CONTOUR], surface(entry, grid));
    place(TIED, state.tied.flatMap(([depth]) => [depth, depth, null]), state.tied.flatMap(([, low, high]) => [low, high, null]));
    place(LIMIT, ...state.line.map((values) => (values.length ? values : [null]))).showlegend = state.line[0].length > 0;
    place(CLOUD, state.cloud[0], state.cloud[1]).marker = Object.assign({}, data[CLOUD].marker, { size: state.cloud[2] });
    place(POINTS, ...grid.points).customdata = entry.values;
    place(CLAIM, ...(state.claimed ? state.claimed.shape.map((value) => [value]) : [[null], [null]])).showlegend = Boolean(state.claimed);
    place(BEST, [state.best[0]], [state.best[1]]);
    ["error_x", "error_y"].forEach((name, k) => {
      const [arrayminus, array] = state.error[k];
      data[BEST][name] = Object.assign({}, data[BEST][name], { array: [array], arrayminus: [arrayminus] });
    });
    return data;
  }

  /* The numbers of one choice: pairs of name and value. An axis that is limited has no interval. */
  function numbers(entry, state) {
    const rows = [["best shape, H × d", shape(state.best)], [entry.metric, interval(state.value)]];
    AXES.forEach((axis, k) => {
      const [low, high] = state.interval[k];
      const known = low === null ? "too few points" : `95 % of refits: ${low} to ${high}`;
      rows.push([axis, LIMITS[state.limits[k]] || known]);
    });
    if (!state.limits.includes("free")) rows.push(["both axes limited", "a corner, no optimum"]);
    rows.push(["tied with the best", `${grouped(state.count[0])} of ${grouped(state.count[1])} shapes`]);
    if (state.claimed) {
      const { shape: [layers, width], product, loss } = state.claimed;
      rows.push([`paper's ${shape([layers, width])} (H · d = ${grouped(product)})`, `loses ${interval(loss)}`]);
    }
    return rows;
  }

  function build(figure, plan) {
    const plot = figure.querySelector(".recscale-plot");
    const unique = (name) => [...new Set(plan.entries.map((entry) => entry[name]))];
    const menus = { grid: element("select"), metric: element("select"), law: element("select"), kind: element("select") };
    const slider = element("input", { type: "range", min: 0, step: 1 });
    const typed = element("input", { type: "number", min: 0, step: "any" });
    const shown = element("output"), readout = element("dl", { className: "planner-numbers" });
    readout.setAttribute("aria-live", "polite");
    slider.setAttribute("aria-label", "size of the budget");
    typed.setAttribute("aria-label", "your budget");
    for (const name of ["grid", "metric", "law"]) {
      options(menus[name], unique(name));
      menus[name].value = plan.entries[plan.opened][name];
    }

    const entry = () =>
      plan.entries.find((one) => ["grid", "metric", "law"].every((name) => one[name] === menus[name].value));
    const grid = () => plan.grids[entry().at];
    const budgets = () => grid().budgets[menus.kind.value].map(([budget]) => budget);

    function apply(redraw) {
      const chosen = entry(), kinds = Object.keys(chosen.states);
      options(menus.kind, kinds, kinds.map((kind) => plan.kinds[kind]));
      slider.max = budgets().length - 1;
      slider.disabled = budgets().length < 2;
      const state = window.recscale.plannerData.choice(plan, chosen, menus.kind.value, Number(slider.value)), budget = state.budget;
      typed.disabled = budget === null;
      typed.setAttribute("aria-invalid", false);
      shown.textContent = budget === null ? "" : `computed for ${grouped(budget)}`;
      slider.setAttribute("aria-valuetext", budget === null ? plan.kinds.none : `${plan.kinds[menus.kind.value]} ${grouped(budget)}`);
      readout.replaceChildren(...numbers(chosen, state).map(([name, value]) =>
        element("div", {}, element("dt", { textContent: name }), element("dd", { textContent: value }))));
      if (!redraw || plot.dataset.drawn !== "yes") return;
      const layout = Object.assign({}, plot.layout);
      ["xaxis", "yaxis"].forEach((axis, k) => {
        const tickvals = [...new Set(grid().points[k])].sort((a, b) => a - b);
        layout[axis] = Object.assign({}, layout[axis], { tickvals, autorange: true });
      });
      Plotly.react(plot, traces(plot, chosen, grid(), state), layout);
    }

    /* A typed budget is answered by the largest computed one within it, or by the smallest of all. */
    function nearest() {
      if (!(Number(typed.value) > 0)) {
        typed.setAttribute("aria-invalid", true);
        shown.textContent = `The budget is ${typed.value || "empty or no number"}; it must be a number above 0.`;
        return;
      }
      slider.value = Math.max(0, budgets().filter((budget) => budget <= Number(typed.value)).length - 1);
      apply(true);
    }

    const bar = element("div", { className: "planner-bar" });
    bar.append(
      labelled("data", menus.grid), labelled("metric", menus.metric), labelled("law", menus.law),
      labelled("budget", menus.kind), labelled("its value", typed), labelled("or by slider", slider), shown
    );
    bar.addEventListener("input", (event) => {
      if (event.target === typed) return nearest();
      if (event.target === slider) typed.value = budgets()[Number(slider.value)];
      apply(true);
      if (event.target !== slider) typed.value = budgets()[Number(slider.value)] ?? "";
    });
    figure.prepend(bar);
    plot.after(readout);
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
