/* The law explorer: y = E + A₀ (x/x₀)^(-α) over measured points, its numbers dragged or typed; the curve, the residuals
   and the error at sizes held out follow. x₀ is the median fitted size, so that A₀ can be read off the figure. */
(function (root) {
  "use strict";

  const R = (root.recscale = root.recscale || {});
  const STEPS = 1000, REACH = 4;
  const FORMS = { "power-law-floor": "E + A x^(-α)", "power-law": "A x^(-α), no floor" };
  const NAMES = { E: "floor E", A: "A₀, at the median size", "α": "exponent α" };
  const show = (value) => R.readable(value, 5);

  /* The points split into fitted ones and the largest sizes, with the best law of a form and what it is measured by. */
  function prepare(registry, set, form, holdOut) {
    const law = R.law(registry, form, [set.size]), rows = set.x.map((value) => [value]), scale = R.sizeOf(rows);
    const sizes = [...new Set(scale)].sort((a, b) => a - b), limit = holdOut ? sizes[sizes.length - holdOut] : Infinity;
    const split = (late) => ({
      x: rows.filter((_, i) => (scale[i] >= limit) === late), y: set.y.filter((_, i) => (scale[i] >= limit) === late),
    });
    const fitted = split(false), unseen = split(true), units = R.solving.natural(law, fitted.x, fitted.y);
    const state = { set, law, fitted, unseen, units, centre: units.unit[0] };
    state.best = values(state, R.solving.solve(units.problem));
    state.least = objective(state, state.best);
    return state;
  }

  /* {E, A, α} of a solution in natural units, A at the median size; and the way back. */
  function values({ law, units }, at) {
    const floor = law.linear.length > 1;
    return { E: floor ? at.coef[0] * units.scale : 0, A: at.coef[floor ? 1 : 0] * units.scale, "α": at.theta[0] };
  }

  function solution({ law, units }, now) {
    const coef = law.linear.length > 1 ? [now.E / units.scale, now.A / units.scale] : [now.A / units.scale];
    return { theta: [now["α"]], coef };
  }

  const objective = (state, now) => R.fitting.cost(state.units.problem, solution(state, now));
  const predict = (state, now, x) => x.map((value) => now.E + now.A * (value / state.centre) ** -now["α"]);

  /* The best values of the others with one held. */
  function heldAt(state, name, value) {
    const { law, units } = state, inner = name === "α" ? value : value / units.scale;
    const hold = (one) => (one.name === name ? { ...one, lower: inner, upper: inner, ...(one.nodes ? { nodes: [inner] } : {}) } : one);
    const fixed = { ...law, linear: law.linear.map(hold), nonlinear: law.nonlinear.map(hold) };
    const problem = R.fitting.problem(fixed, units.problem.x, units.problem.y);
    return { ...values(state, R.solving.solve(problem)), [name]: value };
  }

  /* What the numbers of a law say: errors on the fitted points and on those held out, and the baselines there. */
  function measures(state, now) {
    const { fitted, unseen } = state, column = (points) => points.x.map((row) => row[0]);
    const rest = (points) => predict(state, now, column(points)).map((value, i) => points.y[i] - value);
    const rmse = (errors) => Math.sqrt(errors.reduce((total, one) => total + one * one, 0) / errors.length);
    const none = unseen.x.map(() => [NaN, NaN]);
    const held = unseen.x.length ? R.heldOut(fitted, unseen, predict(state, now, column(unseen)), none) : null;
    return { residuals: rest(fitted), later: rest(unseen), rmse: rmse(rest(fitted)), held, ratio: objective(state, now) / state.least };
  }

  /* Where a slider ends: around the fit, as far as the points spread. */
  function ranges(state) {
    const spread = Math.max(...state.set.y) - Math.min(...state.set.y) || 1, { best } = state;
    const around = (value) => [Math.max(0, value - REACH * spread), value + REACH * spread];
    const [lowest, highest] = around(best.E);
    return { E: [lowest, Math.max(highest, Math.min(...state.set.y))], A: around(best.A), "α": [0, Math.max(3 * best["α"], 1e-3)] };
  }

  function build(place, { registry, sets }) {
    const { element, labelled, messenger } = R.parts, message = messenger();
    const select = (options) => element("select", {}, ...options.map(([value, text]) => new Option(text, value)));
    const menus = { set: select(sets.map((set, k) => [k, set.title])), form: select(Object.entries(FORMS)) };
    const holdOut = element("input", { type: "number", min: 0, step: 1 }), refit = element("input", { type: "checkbox" });
    const reset = element("button", { type: "button", textContent: "Reset to the fit" });
    const numbers = element("dl", { className: "law-numbers", "aria-live": "polite" }), charts = element("div", { className: "explorer-charts" }, element("div"), element("div"));
    const rows = {};
    let state = null, now = null, limits = null;

    function row(name) {
      const slider = element("input", { type: "range", min: 0, max: STEPS, step: 1, "aria-label": NAMES[name] });
      const typed = element("input", { type: "number", step: "any", "aria-label": `${NAMES[name]}, typed` });
      slider.addEventListener("input", () => {
        const [low, high] = limits[name];
        set(name, low + ((high - low) * slider.value) / STEPS, typed);
      });
      typed.addEventListener("change", () => {
        const value = typed.value === "" ? NaN : Number(typed.value);
        if (!Number.isFinite(value) || (name !== "α" && value < 0)) return message.say(`${NAMES[name]} must be a number${name === "α" ? "" : " from 0 on"}.`);
        set(name, value);
      });
      rows[name] = { slider, typed, box: element("div", { className: "law-row" }, element("span", { textContent: NAMES[name] }), slider, typed) };
      return rows[name].box;
    }

    function set(name, value) {
      message.say("");
      now = refit.checked ? heldAt(state, name, value) : { ...now, [name]: value };
      paint(name);
    }

    function paint(moved) {
      for (const [name, { slider, typed, box }] of Object.entries(rows)) {
        const [low, high] = limits[name];
        box.hidden = name === "E" && state.law.linear.length < 2;
        if (!(name === moved && document.activeElement === slider)) slider.value = Math.round((STEPS * (now[name] - low)) / (high - low));
        slider.setAttribute("aria-valuetext", show(now[name]));
        if (!(name === moved && document.activeElement === typed)) typed.value = String(Number(now[name].toPrecision(6)));
      }
      const found = measures(state, now), { held } = found;
      const pairs = [["A at x = 1", show(now.A * state.centre ** now["α"])], ["objective ÷ its least", show(found.ratio)], ["RMSE, fitted", show(found.rmse)]];
      if (held) pairs.push([`RMSE at held-out sizes (${held.sizes})`, show(held.rmse)], ["no further gain", show(held.rmse_no_further_gain)], ["a straight line in logs", show(held.rmse_log_linear)]);
      numbers.replaceChildren(...pairs.map(([name, value]) => element("div", {}, element("dt", { textContent: name }), element("dd", { textContent: value }))));
      draw(found);
    }

    function draw(found) {
      const { fitted, unseen, set: { size, unit, value } } = state, at = (points) => points.x.map((one) => one[0]);
      const all = [...at(fitted), ...at(unseen)].map(Math.log), low = Math.min(...all), high = Math.max(...all) + 0.1 * (Math.max(...all) - Math.min(...all));
      const grid = Array.from({ length: 81 }, (_, k) => Math.exp(low + ((high - low) * k) / 80)), x = { label: `${size}, ${unit}`, log: true };
      const dots = (points, y, name, look) => ({ kind: "points", x: at(points), y, name: points.x.length ? name : "", look });
      const curve = (law, name, look) => ({ kind: "line", x: grid, y: predict(state, law, grid), name, look });
      R.chart(charts.children[0], {
        series: [curve(state.best, "the fit", "c"), curve(now, "your law", "a"), dots(fitted, fitted.y, "fitted", "a"), dots(unseen, unseen.y, "held out", "b")],
        x, y: { label: value, within: [...fitted.y, ...unseen.y, ...predict(state, state.best, grid)] }, summary: `${value} of ${fitted.y.length} fitted and ${unseen.y.length} held-out points, the fit and your law`,
      });
      R.chart(charts.children[1], {
        series: [dots(fitted, found.residuals, "fitted", "a"), dots(unseen, found.later, "held out", "b")], x, y: { label: "measured - law" }, zero: true,
        summary: `residuals from ${show(Math.min(...found.residuals))} to ${show(Math.max(...found.residuals))}`,
      });
    }

    function start() {
      const chosen = sets[Number(menus.set.value)], sizes = new Set(chosen.x).size, most = sizes - 3, count = holdOut.value === "" ? NaN : Number(holdOut.value);
      if (!Number.isInteger(count) || count < 0 || count > most) return message.say(`Hold out 0 to ${most} of the ${sizes} sizes.`);
      message.say("");
      state = prepare(registry, chosen, menus.form.value, count);
      now = { ...state.best };
      limits = ranges(state);
      paint();
    }

    menus.set.addEventListener("change", () => { holdOut.value = sets[Number(menus.set.value)].hold_out; start(); });
    menus.form.addEventListener("change", start);
    holdOut.addEventListener("change", start);
    refit.addEventListener("change", () => { if (!refit.checked) return; message.say("Move one number; the others follow at their best."); });
    reset.addEventListener("click", () => { message.say(""); now = { ...state.best }; paint(); });
    place.append(
      element("div", { className: "explorer-bar wide" }, labelled("points", menus.set), labelled("law", menus.form), labelled("largest sizes held out", holdOut)),
      element("div", { className: "law-rows" }, row("E"), row("A"), row("α")),
      element("p", { className: "explorer-buttons" }, reset, element("label", {}, refit, " refit the others")), message.place, charts, numbers,
    );
    holdOut.value = sets[0].hold_out;
    start();
    let width = charts.clientWidth;
    new ResizeObserver(() => { if (charts.clientWidth !== width) { width = charts.clientWidth; paint(); } }).observe(charts);
  }

  R.lawExplorer = { prepare, heldAt, measures, predict };
  const ready = () => R.parts.explorers("law", build);
  if (document.readyState === "complete") ready();
  else document.addEventListener("DOMContentLoaded", ready);
})(window);
