/* Fits a law to points by the library's own method: a grid over θ with the coefficients solved at every node, the lowest
   local minima refined by Levenberg and Marquardt, the best one taken to the stationary point by Newton's method.
   Everything runs in the points' natural units (each x and y over its median). Pure: no page, no state. */
(function (root) {
  "use strict";

  const STARTS = 64, LEAST_STARTS = 8, FIRST_LOOK = { squares: 12, huber: 40 }, FINALISTS = 12, ITERATIONS = 400;
  const GLANCE = 4, REFIT_FINALISTS = 3, REFIT_ITERATIONS = 60;
  const COMBINATIONS = 128, THINNED = 36, PIVOT = 1e-11, TINY = 1e-250, TIED = 1e-12, TOLERANCE = 1e-13;

  const sum = (values) => values.reduce((total, value) => total + value, 0);
  const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
  const norm = (values) => Math.sqrt(dot(values, values));
  const zeros = (rows, columns) => Array.from({ length: rows }, () => new Array(columns).fill(0));

  function median(values) {
    const sorted = [...values].sort((a, b) => a - b), middle = sorted.length >> 1;
    return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }

  /* What is minimised: Σ ρ(r), with r on the law's scale. */
  function problem(law, x, y, { loss = "squares", delta = 1e-3 } = {}) {
    const offset = law.scale === "log" && law.offset ? x.map((row) => law.offset(row, []).value) : null;
    const target = y.map((value, i) => value - (offset ? offset[i] : 0));
    const parameters = [...law.nonlinear, ...law.linear];
    return {
      law, x, y, loss, delta, target, n: y.length, k: law.nonlinear.length, p: law.linear.length,
      log: law.scale === "log", exactlyLinear: law.scale === "y" && loss === "squares",
      unit: law.scale === "log" ? 1 : norm(target) / Math.sqrt(y.length),
      lower: parameters.map((one) => one.lower), upper: parameters.map((one) => one.upper),
    };
  }

  const take = (p, keep) => ({
    ...p, x: p.x.filter((_, i) => keep[i]), y: p.y.filter((_, i) => keep[i]), target: p.target.filter((_, i) => keep[i]),
    n: keep.filter(Boolean).length,
  });

  /* Σ c φ and the law's value at one x. */
  function linearAt(law, row, { theta, coef }) {
    const phi = law.columns(row, theta);
    let total = 0;
    for (let j = 0; j < phi.length; j++) total += coef[j] * phi[j];
    return total;
  }

  const valueAt = (law, row, at) => linearAt(law, row, at) + (law.offset ? law.offset(row, at.theta).value : 0);
  const evaluate = (law, x, at) => x.map((row) => valueAt(law, row, at));

  /* At one x: Σ c φ, the law's value, and its derivative by (θ, c). */
  function derivativeAt(law, row, { theta, coef }) {
    const phi = law.columns(row, theta), slopes = law.slopes(row, theta), offset = law.offset && law.offset(row, theta);
    const k = law.nonlinear.length, by = new Array(k + phi.length);
    let linear = 0;
    for (let q = 0; q < k; q++) {
      by[q] = offset ? offset.slopes[q] : 0;
      for (let j = 0; j < phi.length; j++) by[q] += coef[j] * slopes[q][j];
    }
    for (let j = 0; j < phi.length; j++) {
      by[k + j] = phi[j];
      linear += coef[j] * phi[j];
    }
    return { linear, value: linear + (offset ? offset.value : 0), by };
  }

  function residual(p, i, linear, value) {
    if (!p.log) return p.target[i] - value;
    return linear > 0 ? Math.log(p.target[i]) - Math.log(linear) : Infinity;
  }

  const residuals = (p, at) => p.x.map((row, i) => {
    const linear = linearAt(p.law, row, at);
    return residual(p, i, linear, p.log || !p.law.offset ? linear : linear + p.law.offset(row, at.theta).value);
  });

  /* Residuals, and the derivative of the fitted value on the law's scale by (θ, c), one row per point. */
  function linearised(p, at) {
    const r = new Array(p.n), rows = new Array(p.n);
    for (let i = 0; i < p.n; i++) {
      const { linear, value, by } = derivativeAt(p.law, p.x[i], at);
      r[i] = residual(p, i, linear, value);
      rows[i] = p.log ? by.map((one) => (linear > 0 ? one / linear : 0)) : by;
    }
    return { r, rows };
  }

  function cost(p, at) {
    const { loss, delta } = p, r = residuals(p, at);
    let total = 0;
    for (let i = 0; i < p.n; i++) {
      const size = Math.abs(r[i]);
      total += loss === "squares" || size <= delta ? size * size : 2 * delta * size - delta * delta;
    }
    return Number.isFinite(total) ? total : Infinity;
  }

  /* ---- small linear algebra ---- */

  /* Gaussian elimination with pivoting; null where the matrix is singular. */
  function solveLinear(matrix, right) {
    const m = right.length, a = matrix.map((row, i) => [...row, right[i]]);
    for (let c = 0; c < m; c++) {
      let best = c;
      for (let r = c + 1; r < m; r++) if (Math.abs(a[r][c]) > Math.abs(a[best][c])) best = r;
      if (!a[best][c]) return null;
      [a[c], a[best]] = [a[best], a[c]];
      for (let r = c + 1; r < m; r++) {
        const factor = a[r][c] / a[c][c];
        for (let j = c; j <= m; j++) a[r][j] -= factor * a[c][j];
      }
    }
    const out = new Array(m).fill(0);
    for (let r = m - 1; r >= 0; r--) {
      let value = a[r][m];
      for (let j = r + 1; j < m; j++) value -= a[r][j] * out[j];
      out[r] = value / a[r][r];
    }
    return out;
  }

  function positiveDefinite(matrix) {
    const m = matrix.length, l = zeros(m, m);
    for (let i = 0; i < m; i++) {
      for (let j = 0; j <= i; j++) {
        let value = matrix[i][j];
        for (let q = 0; q < j; q++) value -= l[i][q] * l[j][q];
        if (i === j && !(value > 0)) return false;
        l[i][j] = i === j ? Math.sqrt(value) : value / l[j][j];
      }
    }
    return true;
  }

  function dot(a, b) {
    let total = 0;
    for (let i = 0; i < a.length; i++) total += a[i] * b[i];
    return total;
  }

  function subtract(from, factor, other) {
    for (let i = 0; i < from.length; i++) from[i] -= factor * other[i];
  }

  /* Least squares by Gram and Schmidt with every column made orthogonal twice; a dependent column gets 0. */
  function leastSquares(columns, target) {
    const m = columns.length, q = [], r = zeros(m, m), out = new Array(m).fill(0), rest = Float64Array.from(target);
    for (let j = 0; j < m; j++) {
      const own = Float64Array.from(columns[j]);
      for (let pass = 0; pass < 2; pass++) {
        for (let i = 0; i < j; i++) {
          const along = q[i] ? dot(q[i], own) : 0;
          r[i][j] += along;
          if (q[i]) subtract(own, along, q[i]);
        }
      }
      r[j][j] = Math.sqrt(dot(own, own));
      q.push(r[j][j] > 1e-12 * norm(columns[j]) ? own.map((one) => one / r[j][j]) : null);
    }
    const along = q.map((unit) => {
      const value = unit ? dot(unit, rest) : 0;
      if (unit) subtract(rest, value, unit);
      return value;
    });
    for (let j = m - 1; j >= 0; j--) {
      if (!q[j]) continue;
      let value = along[j];
      for (let i = j + 1; i < m; i++) value -= r[j][i] * out[i];
      out[j] = value / r[j][j];
    }
    return { coef: out, cost: dot(rest, rest) };
  }

  /* Every subset of `items`, the smallest first. */
  function subsets(items) {
    const all = items.reduce((sets, item) => [...sets, ...sets.map((set) => [...set, item])], [[]]);
    return all.sort((a, b) => a.length - b.length);
  }

  const bounded = (law) => law.linear.flatMap((one, j) => (one.lower === 0 ? [j] : []));

  /* The best coefficients at θ, those with a bound at least 0; on the log scale for relative errors. */
  function resolve(p, theta) {
    const at = p.x.map((row) => p.law.columns(row, theta));
    const weight = p.target.map((value) => (p.log ? 1 / value : 1));
    const shift = !p.log && p.law.offset ? p.x.map((row) => p.law.offset(row, theta).value) : null;
    const target = p.target.map((value, i) => weight[i] * (value - (shift ? shift[i] : 0)));
    let best = { coef: new Array(p.p).fill(0), cost: Infinity };
    for (const zero of subsets(bounded(p.law))) {
      const free = p.law.linear.map((_, j) => j).filter((j) => !zero.includes(j));
      const found = leastSquares(free.map((j) => at.map((row, i) => row[j] * weight[i])), target);
      const coef = new Array(p.p).fill(0);
      free.forEach((j, q) => { coef[j] = found.coef[q]; });
      if (bounded(p.law).some((j) => coef[j] < 0) || !(found.cost < best.cost)) continue;
      best = { coef, cost: found.cost };
      if (!zero.length) break;
    }
    return best.coef;
  }

  /* ---- Levenberg and Marquardt ---- */

  function refine(p, start, iterations = ITERATIONS) {
    const { k } = p;
    let coef = start.coef || resolve(p, start.theta);
    if (!p.exactlyLinear) coef = coef.map((value, j) => clamp(value, p.lower[k + j], p.upper[k + j]));
    let here = { theta: start.theta, coef };
    here.cost = cost(p, here);
    if (!Number.isFinite(here.cost) || (!k && p.exactlyLinear)) return here;
    const floor = (1e-15 * p.unit) ** 2 * p.n;
    let damping = 1e-3;
    for (let turn = 0; turn < iterations; turn++) {
      const moved = step(p, here, damping), better = moved.cost < here.cost;
      const gain = better ? here.cost - moved.cost : 0;
      const [old, next] = [vector(p, here), vector(p, moved)];
      const relative = Math.max(...next.map((value, j) => Math.abs(value - old[j]) / (Math.abs(old[j]) + 1e-300)));
      const arrived = (better ? gain <= TOLERANCE * here.cost : damping > 1e10) || relative <= TOLERANCE || here.cost <= floor;
      if (better) here = moved;
      damping = better ? Math.max(damping / 10, 1e-15) : damping * 8;
      if (arrived) break;
    }
    return here;
  }

  const vector = (p, at) => [...at.theta.slice(0, p.k), ...at.coef];
  const placed = (p, at, z) => ({ theta: [...z.slice(0, p.k), ...at.theta.slice(p.k)], coef: z.slice(p.k) });

  function step(p, at, damping) {
    const { r, rows } = linearised(p, at), z = vector(p, at), m = z.length, huber = p.loss === "huber";
    const gradient = new Array(m).fill(0), size = new Array(m).fill(0), matrix = zeros(m, m);
    for (let i = 0; i < p.n; i++) {
      const slope = huber ? Math.min(1, p.delta / Math.max(Math.abs(r[i]), 1e-300)) : 1, row = rows[i];
      const bend = huber && Math.abs(r[i]) > p.delta ? (slope * damping) / (damping + 1e-4) : 1;
      for (let a = 0; a < m; a++) {
        gradient[a] += slope * r[i] * row[a];
        size[a] += slope * row[a] * row[a];
        for (let b = 0; b <= a; b++) matrix[a][b] += bend * row[a] * row[b];
      }
    }
    const usable = z.map((value, j) => !(value <= p.lower[j] && gradient[j] < 0) && !(value >= p.upper[j] && gradient[j] > 0)
      && Number.isFinite(gradient[j]) && Number.isFinite(size[j]) && size[j] > 0);
    const scale = size.map((value, j) => (usable[j] ? 1 / Math.sqrt(value) : 0));
    for (let a = 0; a < m; a++) {
      for (let b = 0; b <= a; b++) {
        const value = matrix[a][b] * scale[a] * scale[b];
        matrix[a][b] = matrix[b][a] = Number.isFinite(value) ? value : 0;
      }
      matrix[a][a] += usable[a] ? damping : 1;
    }
    const move = solveLinear(matrix, gradient.map((value, j) => (usable[j] ? value * scale[j] : 0))) || new Array(m).fill(0);
    const there = placed(p, at, z.map((value, j) => clamp(value + move[j] * scale[j], p.lower[j], p.upper[j])));
    if (p.exactlyLinear) there.coef = resolve(p, there.theta);
    return { ...there, cost: cost(p, there) };
  }

  /* ---- Newton's method to the stationary point, parameters at a bound held ---- */

  const pull = (p, r) => (p.loss === "huber" ? clamp(r, -p.delta, p.delta) : r);

  function slopeOf(p, at) {
    const { r, rows } = linearised(p, at), psi = r.map((one) => pull(p, one)), m = rows[0].length;
    const norms = Array.from({ length: m }, (_, j) => norm(rows.map((row) => row[j])));
    return { r, rows, psi, norms, gradient: norms.map((_, j) => sum(rows.map((row, i) => psi[i] * row[j]))) };
  }

  function polish(p, start) {
    if (!(start.cost > (1e-12 * p.unit) ** 2 * p.n && start.cost < Infinity)) return start;
    let here = start, at = slopeOf(p, here);
    const z = vector(p, here), free = z.flatMap((value, j) => (value > p.lower[j] && value < p.upper[j] && at.norms[j] > 0 ? [j] : []));
    if (!free.length) return start;
    const merit = (point) => Math.max(...free.map((j) => Math.abs(point.gradient[j]) / point.norms[j]));
    for (let turn = 0; turn < 20; turn++) {
      const move = newton(p, here, at, free);
      if (!move) break;
      const old = vector(p, here), next = [...old];
      free.forEach((j, q) => { next[j] = clamp(old[j] + move[q], p.lower[j], p.upper[j]); });
      const there = placed(p, here, next);
      there.cost = cost(p, there);
      const point = slopeOf(p, there);
      if (!(merit(point) < merit(at)) || !(there.cost <= here.cost * (1 + 1e-9))) break;
      [here, at] = [there, point];
    }
    return here;
  }

  /* The second derivatives are exact but for Σ ψ ∂²r, which is a central difference of exact slopes. */
  function newton(p, here, at, free) {
    const z = vector(p, here), inner = at.r.map((one) => (p.loss === "huber" && Math.abs(one) > p.delta ? 0 : 1));
    const bent = free.map((l) => {
      const h = 1e-5 * (Math.abs(z[l]) || p.unit / at.norms[l]);
      const [up, down] = [h, -h].map((shift) => linearised(p, placed(p, here, z.map((value, j) => (j === l ? value + shift : value)))).rows);
      return free.map((j) => sum(at.psi.map((psi, i) => (psi * (up[i][j] - down[i][j])) / (2 * h))));
    });
    const matrix = free.map((a, s) => free.map((b, t) => {
      const straight = sum(at.rows.map((row, i) => inner[i] * row[a] * row[b]));
      return (straight - (bent[s][t] + bent[t][s]) / 2) / (at.norms[a] * at.norms[b]);
    }));
    if (!positiveDefinite(matrix)) return null;
    const move = solveLinear(matrix, free.map((j) => at.gradient[j] / at.norms[j]));
    return move && move.map((value, q) => value / at.norms[free[q]]);
  }

  const R = (root.recscale = root.recscale || {});
  R.fitting = Object.assign(R.fitting || {}, {
    STARTS, LEAST_STARTS, FIRST_LOOK, FINALISTS, ITERATIONS, GLANCE, REFIT_FINALISTS, REFIT_ITERATIONS, COMBINATIONS, THINNED, PIVOT, TINY,
    TIED, sum, clamp, norm, zeros, median, problem, take, valueAt, evaluate, derivativeAt, residuals, linearised, cost, solveLinear,
    leastSquares, subsets, bounded, resolve, refine, polish, slopeOf, vector, placed,
  });
})(typeof window === "undefined" ? globalThis : window);
