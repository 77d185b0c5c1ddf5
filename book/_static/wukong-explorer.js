/* The Wukong explorer: knobs, a diagram of the stack with the shape at every arrow, what each block costs, and where
   the model stands on the laws. The counting is in wukong-count.js. */
document.addEventListener("DOMContentLoaded", () => {
  "use strict";

  const { element, svg, grouped, short, messenger, explorers } = window.recscale.parts;
  const count = window.recscale.wukongCount;

  const KNOBS = [
    ["l", "layers l"], ["n_F", "FMB outputs n_F"], ["n_L", "LCB outputs n_L"], ["k", "columns k"],
    ["mlp_layers", "MLP: hidden layers"], ["mlp_width", "MLP: width"], ["n", "embeddings n"], ["d", "width d"],
    ["tasks", "tasks"],
  ];
  const HUES = { FM: "fm", "FMB's MLP": "mlp", LCB: "lcb", residual: "residual", LN: "norm", head: "head" };
  const WIDTH = 360;

  const signed = (number, digits) => number.toFixed(digits).replace("-", "−");
  /* "n_F" with its letter below the line. */
  const marked = (words, low, back) => words.split(/_(\w)/).map((part, at) => (at % 2 ? low(part) : at ? back(part) : part));
  const inSVG = (words) => marked(words, (part) => svg("tspan", { dy: 3, "font-size": "0.78em" }, part), (part) => svg("tspan", { dy: -3 }, part));
  const inHTML = (words) => marked(words, (part) => element("sub", { textContent: part }), (part) => part);
  const text = (x, y, words, options) => svg("text", { x, y, "text-anchor": "middle", ...options }, ...inSVG(words));

  /* A box with lines of text; an arrow down with the shape beside it; a line through corners. */
  function box(x, y, w, h, hue, ...lines) {
    const first = y + h / 2 + 4 - (lines.length - 1) * 7;
    return svg("g", { class: `block hue-${hue}` }, svg("rect", { x: x - w / 2, y, width: w, height: h, rx: 5 }),
      ...lines.map((line, at) => text(x, first + 14 * at, line)));
  }
  function path(...corners) {
    return svg("path", { d: "M" + corners.map((corner) => corner.join(" ")).join("L"), class: "wire", "marker-end": "url(#wukong-tip)" });
  }
  function arrow(x, from, to, shape, side) {
    const label = text(x + (side || 1) * 5, (from + to) / 2 + 4, shape, { class: "shape", "text-anchor": side === -1 ? "end" : "start" });
    return [path([x, from], [x, to]), label];
  }

  const mlp = (sizes) => {
    const hidden = sizes.slice(1, -1), same = hidden.every((width) => width === hidden[0]);
    const middle = !hidden.length ? "" : same && hidden.length > 2 ? `${hidden.length}×${hidden[0]} → ` : hidden.join(" → ") + " → ";
    return `${sizes[0]} → ${middle}${sizes.at(-1)}`;
  };

  /* One layer on n embeddings, drawn from y on; gives its parts and where it ends. */
  function drawLayer(c, n, y, title, orders) {
    const out = count.outputs(c), cols = count.columns(c, n), sizes = count.fmbSizes(c, n);
    const form = { optimised: "X(XᵀY)", plain: "XXᵀ", attentive: "X(XᵀY(X))" }[c.fm];
    const [F, L, R] = [92, 218, 310], top = y + 26, joined = top + 194;
    const split = (x) => path([180, y], [180, y + 12], [x, y + 12], [x, top]);
    const parts = [
      svg("rect", { x: 4, y: y + 5, width: WIDTH - 8, height: 273, rx: 8, class: "layer" }),
      text(12, y + 238, title, { class: "title", "text-anchor": "start" }),
      split(F), split(L),
      box(F, top, 150, 26, "fm", `FM: ${form}`), ...arrow(F, top + 26, top + 54, `${n} × ${cols}`),
      box(F, top + 54, 150, 24, "norm", `flatten, LN: ${sizes[0]}`), ...arrow(F, top + 78, top + 100, `${sizes[0]}`),
      box(F, top + 100, 164, 40, "mlp", "FMB's MLP", mlp(sizes)),
      ...arrow(F, top + 140, top + 168, `${c.n_F} × ${c.d}`),
      box(L, top + 54, 64, 40, "lcb", "LCB", "W_L X"), path([L, top], [L, top + 54]),
      ...arrow(L, top + 94, top + 168, `${c.n_L} × ${c.d}`),
      box((F + L) / 2 - 5, top + 168, 222, 20, "norm", "concatenate"),
    ];
    if (n === out) parts.push(path([180, y], [180, y + 12], [R, y + 12], [R, joined + 20], [167, joined + 20]));
    else {
      parts.push(split(R), box(R, top + 54, 76, 40, "residual", "residual", "W_R X"), path([R, top], [R, top + 54]),
        path([R, top + 94], [R, joined + 20], [167, joined + 20]));
    }
    parts.push(text(R - 5, joined + 14, `${out} × ${c.d}`, { class: "shape", "text-anchor": "end" }),
      path([155, top + 188], [155, joined + 9]), svg("circle", { cx: 155, cy: joined + 20, r: 10, class: "plus" }),
      text(155, joined + 25, "+"), path([155, joined + 30], [155, joined + 38]),
      box(155, joined + 38, 90, 18, "norm", "LN over d"), path([155, joined + 56], [155, joined + 68], [180, joined + 68], [180, joined + 84]),
      text(188, joined + 80, `${out} × ${c.d}, orders 1 … ${orders}`, { class: "shape", "text-anchor": "start" }));
    return [parts, joined + 84];
  }

  function diagram(c) {
    const out = count.outputs(c), sizes = count.headSizes(c), parts = [box(180, 2, 210, 24, "norm", `${c.n} embeddings: X₀`)];
    parts.push(...arrow(180, 26, 48, `${c.n} × ${c.d}, order 1`));
    let [drawn, y] = drawLayer(c, c.n, 48, "layer 1", 2);
    parts.push(...drawn);
    if (c.l > 1) {
      [drawn, y] = drawLayer(c, out, y, c.l === 2 ? "layer 2" : `layers 2 to ${c.l}, each`, 2 ** c.l);
      parts.push(...drawn);
    }
    parts.push(box(180, y, 210, 22, "norm", `flatten: ${sizes[0]}`), ...arrow(180, y + 22, y + 42, `${sizes[0]}`),
      box(180, y + 42, 280, 38, "head", c.tasks > 1 ? `head, one for each of ${c.tasks} tasks` : "head", mlp(sizes)),
      ...arrow(180, y + 80, y + 100, `${c.tasks}`), text(180, y + 114, c.tasks > 1 ? "logits" : "logit"));
    const spoken = count.blocks(c).length + ` blocks: ${c.n} × ${c.d} → ${c.l} × (${out} × ${c.d}) → ${mlp(sizes)}`;
    return svg("svg", { viewBox: `0 0 ${WIDTH} ${y + 120}`, role: "img", "aria-label": spoken, class: "wukong-diagram" },
      svg("defs", {}, svg("marker", { id: "wukong-tip", viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 6, markerHeight: 6, orient: "auto" },
        svg("path", { d: "M0 0L8 4L0 8z", class: "tip" }))), ...parts);
  }

  /* Parameters and training FLOP by block; the bar is the share of the FLOP. */
  function table(c, account) {
    const rows = count.groups(c).filter((group) => group.parameters || group.macs).map((group) => {
      const [first, last] = group.layers || [0, 0], flop = 6 * group.macs * group.times, share = flop / account.flop;
      const where = !group.layers ? "" : first === last ? `layer ${first}: ` : `layers ${first}–${last}: `;
      const bar = element("span", { className: `share hue-${HUES[group.part]}` });
      bar.style.width = `${100 * share}%`;
      const cell = (value) => element("td", { textContent: short(value), "data-value": value, title: grouped(value) });
      return element("tr", {}, element("th", { scope: "row", textContent: where + group.part }), cell(group.parameters * group.times),
        cell(flop), element("td", { className: "bar", "data-share": share }, bar, element("span", { textContent: `${(100 * share).toFixed(1)} %` })));
    });
    const head = ["block", "parameters", "training FLOP", "share of FLOP"].map((name) => element("th", { scope: "col", textContent: name }));
    return element("table", { className: "explorer-table" }, element("thead", {}, element("tr", {}, ...head)), element("tbody", {}, ...rows));
  }

  /* One panel: a curve over log compute, dashed outside the measured range, its points, the model on it. */
  function panel(curve, flop, decades, top, height) {
    const [low, high] = decades, measured = [Math.min(...curve.x), Math.max(...curve.x)];
    const X = (x) => 44 + ((Math.log10(x) - low) / (high - low)) * (WIDTH - 56);
    const at = (step) => 10 ** (low + ((high - low) * step) / 60), law = (x) => count.predict(curve.law, x);
    const values = [...curve.y, law(at(0)), law(at(60))], least = Math.min(...values), most = Math.max(...values);
    const Y = (y) => top + height - 8 - ((y - least) / (most - least)) * (height - 16);
    const line = (from, to, name) => svg("polyline", {
      class: name, points: Array.from({ length: 61 }, (_, k) => from * (to / from) ** (k / 60)).map((x) => `${X(x)},${Y(law(x))}`).join(" "),
    });
    const inside = flop >= measured[0] && flop <= measured[1];
    const ticks = [least, most].map((y) => text(40, Y(y) + 4, signed(y, curve.digits), { "text-anchor": "end", class: "tick" }));
    return svg("g", {}, svg("rect", { x: 44, y: top, width: WIDTH - 56, height, class: "frame" }),
      text(48, top - 5, `${curve.name}: ${curve.unit}`, { "text-anchor": "start", class: "title" }), ...ticks,
      line(at(0), at(60), "law beyond"), line(...measured, "law"),
      ...curve.x.map((x, k) => svg("circle", { cx: X(x), cy: Y(curve.y[k]), r: 3, class: "measured" })),
      svg("line", { x1: X(flop), x2: X(flop), y1: top, y2: top + height, class: "here" }),
      svg("circle", { cx: X(flop), cy: Y(law(flop)), r: 6, class: inside ? "model" : "model outside" }));
  }

  function plot(curves, flop) {
    const ends = [...curves.flatMap((curve) => curve.x), flop].map(Math.log10);
    const decades = [Math.floor(Math.min(...ends)), Math.ceil(Math.max(...ends))], height = 96;
    const X = (power) => 44 + ((power - decades[0]) / (decades[1] - decades[0])) * (WIDTH - 56);
    const bottom = 20 + curves.length * (height + 26) - 26, parts = curves.map((curve, k) => panel(curve, flop, decades, 20 + k * (height + 26), height));
    for (let power = decades[0]; power <= decades[1]; power += 2) parts.push(text(X(power), bottom + 14, short(10 ** power), { class: "tick" }));
    parts.push(text(WIDTH / 2 + 16, bottom + 30, "training FLOP per example (log scale)", { class: "title" }));
    const spoken = curves.map((curve) => `${curve.name}: ${signed(count.predict(curve.law, flop), curve.digits)} ${curve.unit}`).join("; ");
    return svg("svg", { viewBox: `0 0 ${WIDTH} ${bottom + 36}`, role: "img", "aria-label": `${short(flop)} FLOP. ${spoken}`, class: "wukong-plot" }, ...parts);
  }

  function numbers(account, curves, printed) {
    const rows = [
      ["dense parameters", grouped(account.parameters), "parameters"], ["training FLOP per example", grouped(account.flop), "flop"],
      ["highest order of interaction, 2ˡ", grouped(account.order), "order"],
    ];
    if (printed) rows.push(["the same, as the paper prints it", short(printed), "printed"]);
    const made = rows.map(([name, value, key]) => element("div", {}, element("dt", { textContent: name }), element("dd", { textContent: value, "data-number": key })));
    return made.concat(curves.map((curve, k) => {
      const low = Math.min(...curve.x), high = Math.max(...curve.x), where = account.flop >= low && account.flop <= high ? "inside" : "outside";
      return element("div", { className: "wide" }, element("dt", { textContent: `law of ${curve.name}: ${curve.unit}` }),
        element("dd", { textContent: signed(count.predict(curve.law, account.flop), curve.digits), "data-number": `law-${k}` }),
        element("dd", { className: "range", textContent: `${where} the measured ${short(low)} to ${short(high)} FLOP`, "data-number": `range-${k}` }));
    }));
  }

  function build(place, { presets, curves }) {
    let printed = null;
    const fields = {}, message = messenger(), shown = element("div", { className: "explorer-views" });
    const readout = element("dl", { className: "explorer-numbers", "aria-live": "polite" });
    const extra = { compressed: presets[0].config.compressed, attention_width: presets[0].config.attention_width };
    for (const [name, label] of KNOBS) {
      const [min, max] = count.BOUNDS[name];
      fields[name] = element("input", { type: "number", min, max, step: 1, inputMode: "numeric", "data-knob": name, "aria-label": label,
        "aria-keyshortcuts": "PageUp PageDown", title: `${min} to ${max}; Page Up doubles, Page Down halves` });
    }
    fields.head = element("input", { type: "text", "data-knob": "head", "aria-label": "head: hidden widths", title: "hidden widths of the head, with commas" });
    fields.fm = element("select", { "data-knob": "fm", "aria-label": "form of FM" }, ...count.FORMS.map((form) => new Option(form, form)));

    const read = () => {
      const widths = fields.head.value.split(/[\s,]+/).filter(Boolean).map(Number);
      const knobs = KNOBS.map(([name]) => [name, fields[name].value.trim() === "" ? NaN : Number(fields[name].value)]);
      return { ...Object.fromEntries(knobs), head: widths, fm: fields.fm.value, ...extra };
    };
    function show() {
      const c = read(), fault = count.fault(c);
      message.say(fault);
      for (const [name, field] of Object.entries(fields)) field.setAttribute("aria-invalid", fault.startsWith(`${name} `) || (name === "head" && fault.startsWith("The head")));
      place.classList.toggle("stale", Boolean(fault));
      if (fault) return;
      const account = count.account(c);
      readout.replaceChildren(...numbers(account, curves, printed));
      shown.replaceChildren(element("div", {}, diagram(c)), element("div", {}, table(c, account), plot(curves, account.flop)));
    }
    const buttons = presets.map((preset) => {
      const button = element("button", { type: "button", textContent: preset.name, "aria-pressed": "false" });
      button.addEventListener("click", () => {
        Object.entries(preset.config).forEach(([name, value]) => { if (fields[name]) fields[name].value = Array.isArray(value) ? value.join(", ") : value; });
        Object.assign(extra, { compressed: preset.config.compressed, attention_width: preset.config.attention_width });
        press(button, preset.printed);
      });
      return button;
    });
    function press(chosen, flop) {
      printed = flop;
      for (const button of buttons) button.setAttribute("aria-pressed", button === chosen);
      show();
    }
    const form = element("div", { className: "explorer-fields" });
    for (const [name, label] of [...KNOBS, ["head", "head: hidden widths"], ["fm", "form of FM"]]) form.append(element("label", {}, element("span", {}, ...inHTML(label)), fields[name]));
    form.addEventListener("input", () => press(null, null));
    form.addEventListener("keydown", (event) => {
      const factor = { PageUp: 2, PageDown: 0.5 }[event.key], [low, high] = count.BOUNDS[event.target.dataset.knob] || [];
      if (!factor || low === undefined) return;
      event.preventDefault();
      event.target.value = Math.min(high, Math.max(low, Math.floor(Number(event.target.value) * factor)));
      press(null, null);
    });
    place.append(element("div", { className: "explorer-buttons", role: "group", "aria-label": "presets" }, ...buttons), form, message.place, readout, shown);
    buttons[0].click();
  }

  explorers("wukong", build);
});
