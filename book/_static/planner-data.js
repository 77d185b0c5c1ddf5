/* Reads what figures/planner_data.py packed, and computes the rest: the predicted surface, where it was measured, bars.
   Pure functions. */
(function () {
  "use strict";

  const MESH = 20;
  const LIMITS = { f: "free", r: "range", b: "budget" };

  /* The laws over depth and width, from their parameters. */
  const inside = (x, w, q) => w * Math.log(x) + x ** -w / q;
  const outside = (x, w, p) => Math.log(x) + p * x ** -w;
  const LAWS = {
    "performance-law": (v, H, d) => v.w1 * inside(H, v.w3, v.q1) + v.w2 * inside(d, v.w4, v.q1) + v.b,
    "performance-law-outside": (v, H, d) => v.w1 * outside(H, v.w3, v.p1) + v.w2 * outside(d, v.w4, v.p1) + v.b,
    "log-quadratic": (v, H, d) => {
      const [h, e] = [Math.log(H), Math.log(d)];
      return v.c + v["β_layers"] * h + v["β_width"] * e + v["γ_layers"] * h * h + v["γ_width"] * e * e;
    },
  };
  const predict = (entry, H, d) => LAWS[entry.form](entry.parameters, H, d);

  /* A shape is inside where some measured shape is at least as deep and as wide. */
  const reached = ([depths, widths], H, d) => depths.some((depth, k) => depth >= H && widths[k] >= d);

  function geometric(values) {
    const low = Math.min(...values), high = Math.max(...values);
    return Array.from({ length: MESH }, (_, k) => (k === MESH - 1 ? high : low * (high / low) ** (k / (MESH - 1))));
  }

  function surface(entry, grid) {
    const [x, y] = grid.points.map(geometric);
    return { x, y, z: y.map((d) => x.map((H) => (reached(grid.points, H, d) ? predict(entry, H, d) : null))) };
  }

  function reader(digits, text) {
    const base = digits.length, at = new Map([...digits].map((digit, k) => [digit, k]));
    let place = 0;
    return {
      letter: () => text[place++],
      more: () => place < text.length,
      number(size) {
        let value = 0;
        for (let k = 0; k < size; k += 1) value = value * base + at.get(text[place++]);
        return size > 1 && value === base ** size - 1 ? null : value;
      },
    };
  }

  /* The widest affordable shape of each depth: [depths, widths]. */
  function line(plan, grid, text) {
    const read = reader(plan.digits, text), found = [[], []];
    while (read.more()) {
      found[0].push(grid.depths[read.number(1)]);
      found[1].push(grid.widths[read.number(1)]);
    }
    return found;
  }

  /* Lengths of the bars below and above the best: none on a limited axis, else cut at the measured ground. */
  function bars(grid, best, interval, limits) {
    const lines = [grid.depths.filter((H) => reached(grid.points, H, best[1])), grid.widths.filter((d) => reached(grid.points, best[0], d))];
    return interval.map(([low, high], axis) => {
      if (limits[axis] !== "free" || low === null || high === null) return [0, 0];
      const [first, last] = [Math.min(...lines[axis]), Math.max(...lines[axis])];
      return [Math.max(best[axis] - Math.max(low, first), 0), Math.max(Math.min(high, last) - best[axis], 0)];
    });
  }

  /* One choice: entry, kind of budget, and which of its budgets. */
  function choice(plan, entry, kind, at) {
    const grid = plan.grids[entry.at], [budget, allowed, affordable] = grid.budgets[kind][at];
    const read = reader(plan.digits, entry.states[kind][at]), shift = Math.floor(plan.digits.length ** 3 / 2);
    const depth = () => grid.depths[read.number(1)], width = () => grid.widths[read.number(1)];
    const best = [depth(), width()];
    const value = [0, 1, 2].map(() => read.number(3)).map((found) => (found === null ? null : (found - shift) / plan.scale));
    const interval = [0, 1].map(() => [read.number(2), read.number(2)]);
    const limits = [LIMITS[read.letter()], LIMITS[read.letter()]];
    const cloud = [[], [], []], tied = [];
    for (let left = read.number(1); left > 0; left -= 1) [depth(), width(), read.number(1)].forEach((found, k) => cloud[k].push(found));
    for (let at = 0; read.more(); at += 1) {
      let low = read.number(1);
      if (low === plan.digits.length - 1) [at, low] = [read.number(1), read.number(1)];
      tied.push([grid.depths[at], grid.widths[low], width()]);
    }
    const several = ([, low, high]) => grid.widths.indexOf(high) - grid.widths.indexOf(low) + 1;
    return {
      budget, best, value, interval, limits, cloud, tied, error: bars(grid, best, interval, limits), line: line(plan, grid, affordable),
      count: [tied.reduce((sum, run) => sum + several(run), 0), allowed],
      claimed: entry.claims.find((claim) => claim.kind === kind && claim.at === at) || null,
    };
  }

  window.recscale = window.recscale || {};
  window.recscale.plannerData = { predict, surface, choice };
})();
