/* A small chart as SVG: points, lines and bands on linear or logarithmic axes, in the colours of the page's theme. */
(function (root) {
  "use strict";

  const SPACE = { left: 62, right: 12, top: 10, bottom: 44 }, SVG = "http://www.w3.org/2000/svg";

  function element(name, attributes, text) {
    const made = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    if (text !== undefined) made.textContent = text;
    return made;
  }

  const RAISED = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };
  const raised = (power) => [...String(power)].map((sign) => RAISED[sign]).join("");

  /* A number as people read it: four digits, powers of ten raised. */
  function readable(value, digits = 4) {
    if (value === null || value === undefined || !Number.isFinite(value)) return "–";
    if (value === 0) return "0";
    const power = Math.floor(Math.log10(Math.abs(value)));
    if (power >= -4 && power < 5) return String(Number(value.toPrecision(digits)));
    const front = Number((value / 10 ** power).toPrecision(digits));
    return front === 1 ? `10${raised(power)}` : `${front} · 10${raised(power)}`;
  }

  function linearTicks(low, high, count) {
    const rough = (high - low) / count, base = 10 ** Math.floor(Math.log10(rough));
    const step = base * [1, 2, 5, 10].find((factor) => factor * base >= rough);
    const first = Math.ceil(low / step - 1e-9);
    return Array.from({ length: Math.floor(high / step + 1e-9) - first + 1 }, (_, k) => (first + k) * step);
  }

  /* The finest of a few rows of round numbers that fits; a narrow range gets even steps. */
  function logTicks(low, high, count) {
    const first = Math.floor(Math.log10(low)), last = Math.ceil(Math.log10(high));
    for (const [every, fronts] of [[1, [1, 2, 5]], [1, [1, 3]], [1, [1]], [2, [1]], [3, [1]], [5, [1]], [10, [1]]]) {
      const ticks = [];
      for (let power = first; power <= last; power++) if (power % every === 0) ticks.push(...fronts.map((front) => front * 10 ** power));
      const inside = ticks.filter((tick) => tick >= low * 0.999 && tick <= high * 1.001);
      if (inside.length >= 2 && inside.length <= count) return inside;
    }
    return linearTicks(low, high, Math.min(count, 4));
  }

  /* The place of a value between two ends, and the ticks. */
  function axis(values, { log, room = 0.05 }, from, to, count) {
    const turn = log ? Math.log : (value) => value, back = log ? Math.exp : (value) => value;
    const known = values.filter((value) => Number.isFinite(value) && (!log || value > 0)).map(turn);
    let low = Math.min(...known), high = Math.max(...known);
    if (!(high > low)) [low, high] = [low - (log ? 0.5 : Math.abs(low) / 2 || 1), high + (log ? 0.5 : Math.abs(high) / 2 || 1)];
    const edge = room * (high - low);
    [low, high] = [low - edge, high + edge];
    const ticks = (log ? logTicks : linearTicks)(back(low), back(high), count);
    return { at: (value) => from + ((turn(value) - low) / (high - low)) * (to - from), ticks };
  }

  /* Draws into `place`, at its width. `series`: {kind: points | line | band, x, y, [low, high], name, look}; `x`, `y`:
     {label, log, [within: values an axis must show; default all]}; `zero`: whether a line marks y = 0; `summary`: what a reader who doesn't see it should know. */
  function chart(place, { series, x, y, height = 300, zero = false, summary }) {
    const width = Math.max(280, place.clientWidth || 600);
    const across = axis(series.flatMap((one) => one.x), x, SPACE.left, width - SPACE.right, Math.max(3, Math.floor(width / 70)));
    const heights = y.within || series.filter((one) => one.kind !== "band").flatMap((one) => one.y);
    const up = axis(zero ? [...heights, 0] : heights, y, height - SPACE.bottom, SPACE.top, 5);
    const drawing = element("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": summary, class: "chart" });
    const clip = `clip-${Math.random().toString(36).slice(2)}`, inner = element("g", { "clip-path": `url(#${clip})` });
    const box = element("clipPath", { id: clip });
    box.append(element("rect", { x: SPACE.left, y: SPACE.top, width: width - SPACE.left - SPACE.right, height: height - SPACE.top - SPACE.bottom }));
    drawing.append(box);
    const line = (x1, y1, x2, y2, kind) => drawing.append(element("line", { x1, y1, x2, y2, class: kind }));
    for (const tick of across.ticks) {
      line(across.at(tick), SPACE.top, across.at(tick), height - SPACE.bottom, "chart-grid");
      drawing.append(element("text", { x: across.at(tick), y: height - SPACE.bottom + 16, "text-anchor": "middle" }, readable(tick)));
    }
    for (const tick of up.ticks) {
      line(SPACE.left, up.at(tick), width - SPACE.right, up.at(tick), "chart-grid");
      drawing.append(element("text", { x: SPACE.left - 6, y: up.at(tick) + 4, "text-anchor": "end" }, readable(tick)));
    }
    if (zero) line(SPACE.left, up.at(0), width - SPACE.right, up.at(0), "chart-zero");
    for (const one of series) inner.append(...DRAWN[one.kind](one, across.at, up.at));
    drawing.append(inner);
    const middle = (height - SPACE.bottom) / 2;
    drawing.append(element("text", { x: width / 2, y: height - 8, "text-anchor": "middle", class: "chart-label" }, x.label));
    drawing.append(element("text", { x: 12, y: middle, "text-anchor": "middle", class: "chart-label", transform: `rotate(-90 12 ${middle})` }, y.label));
    place.replaceChildren(drawing, legend(series));
  }

  const path = (pairs) => pairs.map(([a, b], k) => `${k ? "L" : "M"}${a.toFixed(2)},${b.toFixed(2)}`).join("");

  const DRAWN = {
    points: ({ x, y, look, names }, across, up) => x.flatMap((value, i) => {
      if (!Number.isFinite(across(value)) || !Number.isFinite(up(y[i]))) return [];
      const made = element("circle", { cx: across(value), cy: up(y[i]), r: 4.5, class: `chart-points ${look}` });
      made.append(element("title", {}, names ? names[i] : `${readable(value)}: ${readable(y[i], 6)}`));
      return [made];
    }),
    line: ({ x, y, look }, across, up) => [element("path", {
      d: path(x.map((value, i) => [across(value), up(y[i])]).filter((pair) => pair.every(Number.isFinite))), class: `chart-line ${look}`,
    })],
    band: ({ x, low, high, look }, across, up) => {
      const kept = x.map((_, i) => i).filter((i) => Number.isFinite(up(low[i])) && Number.isFinite(up(high[i])));
      const edge = [...kept.map((i) => [across(x[i]), up(high[i])]), ...kept.reverse().map((i) => [across(x[i]), up(low[i])])];
      return edge.length ? [element("path", { d: `${path(edge)}Z`, class: `chart-band ${look}` })] : [];
    },
  };

  function legend(series) {
    const list = document.createElement("p");
    list.className = "chart-legend";
    for (const { name, kind, look } of series.filter((one) => one.name)) {
      const sign = element("svg", { width: 18, height: 12, "aria-hidden": "true" });
      if (kind === "points") sign.append(element("circle", { cx: 9, cy: 6, r: 4.5, class: `chart-points ${look}` }));
      else if (kind === "line") sign.append(element("path", { d: "M0,6L18,6", class: `chart-line ${look}` }));
      else sign.append(element("rect", { width: 18, height: 12, class: `chart-band ${look}` }));
      const item = document.createElement("span");
      item.append(sign, ` ${name}`);
      list.append(item);
    }
    return list;
  }

  root.recscale = Object.assign(root.recscale || {}, { chart, readable });
})(window);
