/* Fit your own points: a table pasted, dropped or chosen, its columns and a law; the fit, the check on sizes held out,
   residuals, and what to take home. The numbers come from fit.js; this only shows them. */
(function (root) {
  "use strict";

  const R = (root.recscale = root.recscale || {}), READABLE = 6;
  const element = (...all) => R.parts.element(...all), labelled = (...all) => R.parts.labelled(...all);
  const show = (value) => R.readable(value, READABLE);
  const interval = ([low, high], searched) => (Number.isFinite(low) && Number.isFinite(high) ? `${show(low)} to ${show(high)}` : searched ? "searched" : "not known");

  function options(select, values, texts = values) {
    const before = select.value;
    select.replaceChildren(...values.map((value, k) => new Option(texts[k], value)));
    if (values.includes(before)) select.value = before;
  }

  /* A group's cell as the command line writes it: a number where it is one, null where it is empty. */
  function written(cell) {
    const value = Number(cell);
    return cell === "" ? null : String(value) === cell || value.toFixed(1) === cell ? value : cell;
  }

  function save(name, text, type) {
    const link = element("a", { href: URL.createObjectURL(new Blob([text], { type })), download: name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }

  function build(place, { registry, examples }) {
    const laws = [...new Set(registry.map((entry) => entry.name))];
    const entries = (law) => registry.filter((entry) => entry.name === law);
    const parts = controls(laws, examples);
    const results = element("div", { className: "explorer-results" }), alert = element("p", { className: "explorer-error", role: "alert" });
    place.append(parts.form, alert, results);
    let table = null, file = "points.csv", shown = 0;

    function report(error) {
      alert.textContent = error ? `${error.message[0].toUpperCase()}${error.message.slice(1)}.` : "";
      if (error) results.replaceChildren();
    }

    /* The menus follow the table and the law: one menu for each column of x that the law takes. */
    function menus() {
      const names = table ? table.names : [], choices = entries(parts.law.value), counts = choices.map((one) => one.variables.length);
      parts.x.forEach((menu, k) => {
        const offered = k < Math.max(...counts), optional = offered && k >= Math.min(...counts);
        menu.parentElement.hidden = !offered;
        menu.previousElementSibling.textContent = counts.length > 1 || !offered ? `x${k + 1}` : `x${k + 1} (${choices[0].variables[k]})`;
        const fresh = !menu.options.length;
        options(menu, !offered ? [] : optional ? ["", ...names] : names, optional ? ["none", ...names] : names);
        if (fresh && offered && !optional) menu.value = names[Math.min(k, names.length - 1)];
      });
      options(parts.y, names);
      options(parts.by, ["", ...names], ["none", ...names]);
      const by = parts.by.value;
      parts.group.parentElement.hidden = !by;
      if (by && table) options(parts.group, R.groupsOf(table, by));
      parts.equation.textContent = choices[0].equation.replace(/\{(\d)\}/g, (_, k) => `x${Number(k) + 1}`);
    }

    const choice = () => ({
      law: parts.law.value, y: parts.y.value, by: parts.by.value, group: parts.group.value,
      x: parts.x.filter((menu) => !menu.parentElement.hidden && menu.value).map((menu) => menu.value),
      holdOut: Number(parts.holdOut.value), loss: parts.loss.value,
    });

    function read(text, name) {
      parts.text.value = text;
      const before = table ? table.names.join("\n") : null;
      try {
        table = R.readTable(text);
        file = name || (table.separator === "\t" ? "points.tsv" : "points.csv");
        menus();
        if (table.names.join("\n") !== before) spread();
        report(null);
      } catch (error) {
        table = null;
        report(error);
      }
    }

    /* New columns: the first ones are x, the next is y. */
    function spread() {
      const shown = parts.x.filter((menu) => !menu.parentElement.hidden && menu.options[0].value !== "");
      shown.forEach((menu, k) => { menu.value = table.names[Math.min(k, table.names.length - 1)]; });
      parts.y.value = table.names[Math.min(shown.length, table.names.length - 1)];
    }

    function load(example) {
      read(example.csv, example.file);
      parts.law.value = example.law;
      menus();
      parts.x.forEach((menu, k) => { if (example.x[k] || !menu.parentElement.hidden) menu.value = example.x[k] || ""; });
      parts.y.value = example.y;
      parts.by.value = example.by || "";
      menus();
      parts.holdOut.value = example.hold_out;
      parts.loss.value = "squares";
      run();
    }

    function run() {
      const turn = ++shown;
      report(null);
      if (!table) {
        try { R.readTable(parts.text.value); } catch (error) { report(error); }
        return;
      }
      parts.fit.textContent = "fitting …";
      parts.fit.setAttribute("aria-busy", "true");
      setTimeout(() => {
        try {
          const wanted = choice();
          if (!Number.isInteger(wanted.holdOut) || wanted.holdOut < 0) throw new Error("the number of sizes to hold out must be a whole number from 0 on");
          const points = R.pointsOf(table, wanted), fit = R.fit(registry, wanted.law, wanted.x, points.x, points.y, wanted);
          const pending = draw(results, fit, wanted, { file, text: parts.text.value });
          finish(fit.leaveOneOut(), pending, () => turn === shown);
        } catch (error) {
          report(error);
        }
        parts.fit.textContent = "Fit";
        parts.fit.removeAttribute("aria-busy");
      }, 20);
    }

    parts.example.addEventListener("change", () => { if (parts.example.value) load(examples[Number(parts.example.value)]); });
    parts.text.addEventListener("input", () => { parts.example.value = ""; read(parts.text.value); });
    parts.file.addEventListener("change", () => { if (parts.file.files[0]) take(parts.file.files[0]); });
    const take = (one) => one.text().then((text) => { parts.example.value = ""; read(text, /\.(csv|tsv|tab)$/i.test(one.name) ? one.name : ""); });
    parts.drop.addEventListener("dragover", (event) => { event.preventDefault(); parts.drop.classList.add("over"); });
    parts.drop.addEventListener("dragleave", () => parts.drop.classList.remove("over"));
    parts.drop.addEventListener("drop", (event) => {
      event.preventDefault();
      parts.drop.classList.remove("over");
      if (event.dataTransfer.files[0]) take(event.dataTransfer.files[0]);
    });
    for (const menu of [parts.law, parts.by]) menu.addEventListener("change", menus);
    parts.form.addEventListener("submit", (event) => { event.preventDefault(); run(); });
    load(examples[0]);
  }

  function controls(laws, examples) {
    const select = () => element("select"), parts = {
      example: select(), law: select(), y: select(), by: select(), group: select(), loss: select(), x: [select(), select(), select()],
      text: element("textarea", { rows: 7, spellcheck: false, wrap: "off" }), file: element("input", { type: "file", accept: ".csv,.tsv,.tab,.txt,text/csv" }),
      holdOut: element("input", { type: "number", min: 0, step: 1, value: 1 }), fit: element("button", { type: "submit", textContent: "Fit" }),
      equation: element("p", { className: "explorer-equation" }),
    };
    options(parts.example, ["", ...examples.map((_, k) => String(k))], ["your own", ...examples.map((one) => one.title)]);
    parts.example.value = "0";
    options(parts.law, laws);
    options(parts.loss, ["squares", "huber"], ["least squares", "Huber"]);
    parts.drop = element("fieldset", { className: "explorer-drop" }, element("legend", { textContent: "Points" }),
      labelled("example", parts.example), labelled("or paste a table: a line of names, then one line per measurement", parts.text), labelled("or choose or drop a file (.csv, .tsv)", parts.file));
    parts.form = element("form", { className: "explorer-form" }, parts.drop, element("fieldset", {}, element("legend", { textContent: "Law" }),
      element("div", { className: "explorer-bar" }, labelled("law", parts.law), ...parts.x.map((menu, k) => labelled(`x${k + 1}`, menu)), labelled("y", parts.y),
        labelled("group column", parts.by), labelled("group", parts.group), labelled("loss", parts.loss), labelled("hold out so many largest sizes", parts.holdOut)),
      parts.equation, parts.fit));
    return parts;
  }

  /* The error of each size predicted from the others takes longest: it is filled in while the page stays awake. */
  function finish(steps, pending, current) {
    const from = performance.now();
    let step = steps.next();
    while (!step.done && performance.now() - from < 40) step = steps.next();
    if (!current()) return;
    if (step.done) pending(step.value);
    else setTimeout(() => finish(steps, pending, current), 0);
  }

  const rows = (label, head, body) => element("div", { className: "explorer-scroll", tabIndex: 0, role: "region", "aria-label": label }, element("table", { className: "explorer-table" },
    element("thead", {}, element("tr", {}, ...head.map((text) => element("th", { scope: "col", textContent: text })))),
    element("tbody", {}, ...body.map(([first, ...cells]) => element("tr", {}, element("th", { scope: "row", textContent: first }), ...cells.map((text) => element("td", { textContent: text })))))));

  function draw(place, fit, wanted, source) {
    const meaning = [...fit.form.linear, ...fit.form.nonlinear, ...fit.form.constants];
    const parameters = rows("parameters", ["parameter", "value", "95 % interval", "meaning"],
      meaning.map((one) => [one.name, show(fit.parameters[one.name]), interval(fit.intervals[one.name], fit.form.constants.includes(one)), one.meaning]));
    const optimum = Object.entries(fit.optimum || {}).map(([name, value]) => [`best ${name}`, Number.isFinite(value) ? show(value) : "no peak"]);
    const left = element("td", { textContent: "…" });
    const facts = rows("quality of the fit", ["fit", "value"], [["R²", show(fit.r2)], ["AICc", show(fit.aicc)], ["objective", show(fit.objective)], ...optimum]);
    facts.querySelector("tbody").append(element("tr", {}, element("th", { scope: "row", textContent: "RMSE, each size from the others" }), left));
    const charts = element("div", { className: "explorer-charts" }, element("div"), element("div"));
    place.replaceChildren(element("h3", { textContent: "The fit" }), element("p", { role: "status", textContent: `${fit.form.name}, ${fit.n_points} points fitted, ${fit.unseen.y.length} held out` }), parameters, flags(fit), charts, element("div", { className: "explorer-tables" }, facts, heldOut(fit)), takeHome(fit, wanted, source));
    const paint = () => paintCharts(charts, fit, wanted);
    paint();
    let width = charts.clientWidth;
    new ResizeObserver(() => { if (charts.isConnected && charts.clientWidth !== width) { width = charts.clientWidth; paint(); } }).observe(charts);
    return (value) => { fit.leave_one_size_out_rmse = value; left.textContent = show(value); };
  }

  function heldOut({ held_out: h }) {
    if (!h) return element("p", { textContent: "No size is held out: nothing says how the law predicts." });
    const errors = [["this law", h.rmse], ["no further gain", h.rmse_no_further_gain], ["a straight line in logs", h.rmse_log_linear]];
    const best = Math.min(...errors.map(([, error]) => error));
    const body = errors.map(([name, error]) => [name, show(error) + (error === best ? " (best)" : "")]);
    return rows("errors at the sizes held out", [`RMSE at held-out sizes (${h.sizes}; points: ${h.points})`, "value"], [...body, ["share inside the 95 % band of a new measurement, wider than the one drawn", show(h.inside_band)]]);
  }

  function flags({ flags: f }) {
    const pairs = [
      ...f.weak_parameters.length ? [["the points can't tell apart", f.weak_parameters.join(", ")]] : [],
      ...Object.entries(f.parameters_at_bound).map(([name, value]) => ["at its bound", `${name} = ${show(value)}`]),
      ...Object.entries(f.constants_at_edge).map(([name, [value, low, high]]) => ["at the edge of its search", `${name} = ${show(value)} of ${show(low)} … ${show(high)}`]),
      ...Object.entries(f.optimum_outside).map(([name, [value, low, high]]) => ["peak outside the points", `${name} = ${show(value)}, measured ${show(low)} … ${show(high)}`]),
      ...f.few_configurations ? [["few sizes", `${f.configurations} for ${f.free} free parameters`]] : [],
      ...f.dof <= 0 ? [["no intervals", "as many parameters as sizes"]] : [],
    ];
    return element("ul", { className: "explorer-flags" }, ...pairs.map(([name, what]) => element("li", {}, element("strong", { textContent: name }), ` ${what}`)));
  }

  function paintCharts(charts, fit, wanted) {
    const { fitted, unseen, predict } = fit, one = wanted.x.length === 1, names = wanted.x.join(", ");
    const at = (points) => (one ? points.x.map((row) => row[0]) : points.x.length ? predict(points.x) : []);
    const dots = (points, y, name, look) => ({ kind: "points", x: at(points), y, name: points.x.length ? name : "", look, names: points.x.map((row, i) => `${names} = ${row.map((value) => show(value)).join(", ")}: ${show(y[i])}`) });
    const series = [dots(fitted, fitted.y, "fitted", "a"), dots(unseen, unseen.y, "held out", "b")], within = [...fitted.y, ...unseen.y];
    const x = { label: one ? wanted.x[0] : `predicted ${wanted.y}`, log: one };
    if (one) {
      const all = [...fitted.x, ...unseen.x].map((row) => Math.log(row[0])), low = Math.min(...all), high = Math.max(...all);
      const grid = Array.from({ length: 81 }, (_, k) => Math.exp(low + ((high - low) * k) / 80)), cells = grid.map((value) => [value]), limits = fit.limits(cells);
      series.unshift({ kind: "band", x: grid, y: [], low: limits.map((pair) => pair[0]), high: limits.map((pair) => pair[1]), name: fit.dof > 0 ? "95 % band" : "", look: "a" });
      series.push({ kind: "line", x: grid, y: predict(cells), name: "law", look: "a" });
      const least = Math.min(...within), most = Math.max(...within), spread = most - least;  // a band without end may leave the chart
      within.push(...predict(cells), ...limits.flat().filter((value) => value > least - spread && value < most + spread));
    } else {
      const ends = [Math.min(...within), Math.max(...within)];
      series.push({ kind: "line", x: ends, y: ends, name: "measured = predicted", look: "a" });
    }
    const rest = (points) => (points.x.length ? predict(points.x).map((value, i) => points.y[i] - value) : []);
    const residuals = [dots(fitted, rest(fitted), "fitted", "a"), dots(unseen, rest(unseen), "held out", "b")];
    const range = (values) => `${show(Math.min(...values))} to ${show(Math.max(...values))}`;
    R.chart(charts.children[0], { series, x, y: { label: wanted.y, within }, summary: `${wanted.y} of ${fitted.y.length} fitted and ${unseen.y.length} held-out points, ${range([...fitted.y, ...unseen.y])}, and the law` });
    R.chart(charts.children[1], { series: residuals, x, y: { label: "measured - predicted" }, zero: true, summary: `residuals of the fitted points, ${range(rest(fitted))}` });
  }

  function takeHome(fit, wanted, { file, text }) {
    const json = element("button", { type: "button", textContent: "Download the fit (JSON)" }), points = element("button", { type: "button", textContent: `Download ${file}` });
    json.addEventListener("click", () => {
      const done = fit.leave_one_size_out_rmse === undefined ? R.whole(fit) : fit;
      save("fit.json", `${JSON.stringify([R.toJson(done, wanted.by ? { [wanted.by]: written(wanted.group) } : {})], null, 1)}\n`, "application/json");
    });
    points.addEventListener("click", () => save(file, text.endsWith("\n") ? text : `${text}\n`, "text/csv"));
    const copy = element("button", { type: "button", textContent: "Copy the line" }), line = element("code", { textContent: R.commandLine(file, wanted), tabIndex: 0 });
    copy.addEventListener("click", () => navigator.clipboard.writeText(line.textContent).then(() => { copy.textContent = "Copied"; }, () => { copy.textContent = "Select the line to copy it"; }));
    return element("div", { className: "explorer-home" }, element("p", { textContent: "The same numbers from the command line, to full precision:" }), element("pre", {}, line), element("p", { className: "explorer-buttons" }, copy, json, points));
  }

  const ready = () => R.parts.explorers("fit-points", build);
  if (document.readyState === "complete") ready();
  else document.addEventListener("DOMContentLoaded", ready);
})(window);
