/* `recscale.fit`: what `recscale fit` says of a law on points, number for number: parameters, linearised intervals, R²,
   AICc, the error of every size predicted from the others, and the largest sizes held out. Pure: no page, no state. */
(function (root) {
  "use strict";

  const R = (root.recscale = root.recscale || {});
  const F = (R.fitting = R.fitting || {}), S = (R.solving = R.solving || {}); // filled by fitter.js and solver.js
  const LEVEL = 0.95, NULL = 1e-7, MOST = 500, LARGEST = 1e50, PER_PARAMETER = 3;
  const sum = (values) => values.reduce((total, value) => total + value, 0);
  const mean = (values) => sum(values) / values.length;

  /* ---- Student's t ---- */

  function logGamma(z) {
    const c = [676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059, 12.507343278686905,
      -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7];
    const x = z - 1, t = x + 7.5;
    const series = c.reduce((total, value, k) => total + value / (x + k + 1), 0.99999999999980993);
    return 0.5 * Math.log(2 * Math.PI) + (x + 0.5) * Math.log(t) - t + Math.log(series);
  }

  /* The regularised incomplete beta function by its continued fraction (Lentz). */
  function incompleteBeta(a, b, x) {
    if (x <= 0 || x >= 1) return x <= 0 ? 0 : 1;
    if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(b, a, 1 - x);
    const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x)) / a;
    const away = (value) => (Math.abs(value) < 1e-300 ? 1e-300 : value);
    let c = 1, d = 1 / away(1 - ((a + b) * x) / (a + 1)), value = d;
    for (let m = 1; m < 500; m++) {
      for (const term of [(m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m)), (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1))]) {
        d = 1 / away(1 + term * d);
        c = away(1 + term / c);
        value *= c * d;
      }
      if (Math.abs(c * d - 1) < 1e-16) break;
    }
    return front * value;
  }

  /* The probability below t. */
  function studentBelow(t, dof) {
    const tail = incompleteBeta(dof / 2, 0.5, dof / (dof + t * t)) / 2;
    return t > 0 ? 1 - tail : tail;
  }

  /* Half the width of an interval in standard errors; NaN without degrees of freedom. */
  function quantile(level, dof) {
    if (!(dof > 0)) return NaN;
    const tail = (1 - level) / 2;
    let low = 0, high = 1;
    while (studentBelow(-high, dof) > tail) high *= 2;
    for (let turn = 0; turn < 200 && high - low > 1e-16 * high; turn++) {
      const middle = (low + high) / 2;
      if (studentBelow(-middle, dof) > tail) low = middle;
      else high = middle;
    }
    return (low + high) / 2;
  }

  /* ---- curvature ---- */

  /* Singular values (largest first) and right vectors of a matrix given by its columns, by one-sided Jacobi rotations. */
  function singular(given) {
    const u = given.map((one) => Float64Array.from(one)), m = u.length;
    const v = Array.from({ length: m }, (_, j) => Array.from({ length: m }, (_, i) => (i === j ? 1 : 0)));
    const turn = (a, b, c, s) => { for (let i = 0; i < a.length; i++) [a[i], b[i]] = [c * a[i] - s * b[i], s * a[i] + c * b[i]]; };
    const inner = (a, b) => a.reduce((total, value, i) => total + value * b[i], 0);
    for (let sweep = 0, moved = true; moved && sweep < 60; sweep++) {
      moved = false;
      for (let i = 0; i < m; i++) {
        for (let j = i + 1; j < m; j++) {
          const both = inner(u[i], u[j]), first = inner(u[i], u[i]), second = inner(u[j], u[j]);
          if (Math.abs(both) <= 1e-15 * Math.sqrt(first * second)) continue;
          moved = true;
          const zeta = (second - first) / (2 * both), t = (zeta < 0 ? -1 : 1) / (Math.abs(zeta) + Math.sqrt(1 + zeta * zeta));
          const c = 1 / Math.sqrt(1 + t * t);
          turn(u[i], u[j], c, c * t);
          turn(v[i], v[j], c, c * t);
        }
      }
    }
    const parts = u.map((one, j) => ({ value: F.norm(one), vector: v[j] }));
    return parts.sort((a, b) => b.value - a.value);
  }

  /* Covariance of (θ, c) for a variance of 1 in natural units, the variance of one measurement, degrees of freedom. */
  function curvature(p, at, configurations) {
    const { r, rows, norms } = F.slopeOf(p, at), z = F.vector(p, at), m = z.length;
    const use = z.flatMap((value, j) => (value > p.lower[j] && value < p.upper[j] && norms[j] > 0 ? [j] : []));
    const searched = p.law.constants.filter((one) => one.values.length > 1).length, estimated = use.length + searched;
    const clipped = p.loss === "huber" ? r.map((one) => F.clamp(one, -p.delta, p.delta)) : r;
    const inside = p.loss === "huber" ? Math.max(mean(r.map((one) => (Math.abs(one) <= p.delta ? 1 : 0))), 1 / p.n) : 1;
    const variance = sum(clipped.map((one) => one * one)) / Math.max(p.n - estimated, 1) / inside ** 2;
    const parts = singular(use.map((j) => rows.map((row) => row[j] / norms[j])));
    const shape = F.zeros(m, m);
    use.forEach((a, s) => use.forEach((b, t) => {
      const kept = parts.filter(({ value }) => value ** 2 > 1e-14 * parts[0].value ** 2);
      shape[a][b] = sum(kept.map(({ value, vector }) => (vector[s] * vector[t]) / value ** 2)) / (norms[a] * norms[b]);
    }));
    return { shape, variance, dof: configurations - estimated, rows, norms };
  }

  const quadratic = (shape, slope) => Math.max(0, sum(slope.map((one, i) => one * sum(slope.map((other, j) => shape[i][j] * other)))));

  /* Standard error of each symbol, the covariance carried over by central differences; NaN for grid constants. */
  function standardErrors(law, units, at, known) {
    const p = units.problem, z = F.vector(p, at);
    const step = z.map((value) => 1e-6 * (Math.abs(value) || 1e-12));
    const moved = (j, side) => S.symbols(law, units.outward(F.placed(p, at, z.map((value, i) => (i === j ? value + side * step[i] : value)))));
    const ends = z.map((_, j) => [moved(j, 1), moved(j, -1)]);
    const constants = law.constants.map((one) => one.name);
    return Object.fromEntries(units.names.map((name) => {
      const slope = ends.map(([up, down], j) => (up[name] - down[name]) / (2 * step[j]));
      const known_ = !constants.includes(name) && slope.every(Number.isFinite);
      return [name, known_ ? Math.sqrt(quadratic(known.shape, slope)) * Math.sqrt(known.variance) : NaN];
    }));
  }

  /* Parameters that move no prediction, and groups of which only one combination is determined. */
  function weakParameters(p, { rows, norms }) {
    const names = [...p.law.nonlinear, ...p.law.linear].map((one) => one.name);
    const use = names.flatMap((_, j) => (norms[j] > 0 ? [j] : [])), none = names.filter((_, j) => !(norms[j] > 0));
    if (use.length < 2) return none;
    const parts = singular(use.map((j) => rows.map((row) => row[j] / norms[j])));
    const merged = new Set(parts.filter(({ value }) => value <= NULL * parts[0].value)
      .flatMap(({ vector }) => use.filter((_, q) => Math.abs(vector[q]) > 0.01)));
    return [...none, ...names.filter((_, j) => merged.has(j))];
  }

  /* ---- bands ---- */

  /* Limits at `x` (natural units) of the law, or of one new measurement, averaged over a searched constant: the tails
     of Σ w_q T((· - centre_q)/error_q), w_q ∝ S_q^(-ν/2). */
  function band(units, states, least, dof, configurations, x, observation, level = LEVEL) {
    const p = units.problem;
    const weight = states.map((at) => (least > 0 ? (at.cost / least) ** (-Math.max(dof, 0) / 2) : at.cost <= least ? 1 : 0));
    const all = sum(weight), kept = states.flatMap((at, q) => (weight[q] / all > 1e-6 ? [{ at, share: weight[q] / all }] : []));
    const total = sum(kept.map(({ share }) => share));
    const parts = kept.map(({ at, share }) => {
      const known = curvature(p, at, configurations);
      return x.map((row) => {
        const { linear, value, by } = F.derivativeAt(p.law, row, at);
        const slope = p.log ? by.map((one) => one / linear) : by;
        return {
          share: share / total, centre: p.log ? Math.log(linear) : value, offset: value - linear,
          error: Math.sqrt((quadratic(known.shape, slope) + (observation ? 1 : 0)) * known.variance),
        };
      });
    });
    const reach = quantile(1 - (1 - level) / 2, dof), last = parts.length - 1;
    return x.map((_, i) => [(1 - level) / 2, (1 + level) / 2].map((tail) => {
      let low = Math.min(...parts.map((part) => part[i].centre - reach * part[i].error));
      let high = Math.max(...parts.map((part) => part[i].centre + reach * part[i].error));
      for (let turn = 0; turn < 60; turn++) {
        const middle = (low + high) / 2;
        const below = sum(parts.map((part) => part[i].share * studentBelow((middle - part[i].centre) / part[i].error, dof)));
        if (below < tail) low = middle;
        else high = middle;
      }
      const limit = (low + high) / 2;
      return (p.log ? parts[last][i].offset + Math.exp(limit) : limit) * units.scale;
    }));
  }

  /* ---- points ---- */

  const keyed = (x) => x.map((row) => row.join(" "));
  const sizeOf = (x) => x.map((row) => Math.round(sum(row.map(Math.log)) * 1e9) / 1e9);
  const distinct = (values) => [...new Set(values)];

  function check(law, names, x, y) {
    if (!y.length) throw new Error("there are no points to fit");
    if (y.length > MOST) throw new Error(`there are ${y.length} points; this page fits up to ${MOST}, and recscale fit on the command line any number`);
    names.forEach((name, k) => {
      const wrong = x.filter((row) => !(row[k] > 0)).length;
      if (wrong) throw new Error(`${name} has ${wrong} value(s) that are not positive; scaling laws need x > 0`);
    });
    [...names, "y"].forEach((name, k) => {
      const values = k < names.length ? x.map((row) => row[k]) : [Math.max(...y.map(Math.abs))];
      const extreme = values.find((value) => value !== 0 && (value > LARGEST || value < 1 / LARGEST));
      if (extreme !== undefined) throw new Error(`${name} holds ${extreme}; a fit takes sizes from 1e-50 to 1e+50: choose another unit`);
    });
  }

  function enough(law, x, target) {
    if (law.scale === "log" && target.some((value) => value <= 0)) {
      throw new Error(`the law “${law.name}” is fitted to log(y), and y has values that are not positive`);
    }
    const estimated = [...law.linear, ...law.nonlinear].map((one) => one.name), sizes = distinct(keyed(x)).length;
    if (sizes < estimated.length) {
      throw new Error(`the law “${law.name}” has ${estimated.length} parameters to estimate (${estimated.join(", ")}), and the points hold ${sizes} distinct size(s)`);
    }
  }

  /* ---- the fit ---- */

  /* `x`: one row per point, `names` its columns. Options: `holdOut` so many of the largest sizes (product of the columns),
     `loss` "squares" or "huber". The result's keys are those of `recscale fit --json`. */
  function fit(registry, name, names, x, y, { holdOut = 0, loss = "squares" } = {}) {
    const law = R.law(registry, name, names);
    check(law, names, x, y);
    const scale = sizeOf(x), sizes = distinct(scale).sort((a, b) => a - b);
    if (holdOut >= sizes.length) throw new Error(`can't hold out ${holdOut} of ${sizes.length} distinct size(s): nothing would be left to fit`);
    const unseen = scale.map((one) => holdOut > 0 && one >= sizes[sizes.length - holdOut]);
    const pick = (values, held) => values.filter((_, i) => unseen[i] === held);
    const fitted = { x: pick(x, false), y: pick(y, false) }, future = { x: pick(x, true), y: pick(y, true) };
    const outer = F.problem(law, fitted.x, fitted.y, { loss });
    enough(law, fitted.x, outer.target);

    const units = S.natural(law, fitted.x, fitted.y, { loss, delta: 1e-3 }), p = units.problem;
    const best = S.solve(p), shown = units.outward(best), configurations = distinct(keyed(fitted.x)).length;
    const known = curvature(p, best, configurations), errors = standardErrors(law, units, best, known);
    const parameters = S.symbols(law, shown), half = quantile(LEVEL, known.dof);
    const predict = (rows) => F.evaluate(law, rows, shown);
    let optima = null;
    const states = () => {
      const searched = law.constants.length === 1 && law.constants[0].values.length > 1;
      optima = optima || (searched ? S.conditional(p) : [best]);
      return optima;
    };
    const limits = (rows, observation = false) =>
      band(units, states(), Math.min(...states().map((at) => at.cost)), known.dof, configurations, units.columns(rows), observation);
    const optimum = law.optimum ? law.optimum(parameters, names) : null;
    return {
      law: name, n_points: fitted.y.length, parameters,
      intervals: Object.fromEntries(units.names.map((one) => [one, [parameters[one] - half * errors[one], parameters[one] + half * errors[one]]])),
      objective: best.cost * units.squared, ...quality(law, outer, shown, predict(fitted.x)),
      leave_one_size_out_rmse: undefined,
      held_out: future.y.length ? heldOut(fitted, future, predict(future.x), limits(future.x, true)) : null,
      optimum,
      form: law, fitted, unseen: future, predict, limits, dof: known.dof,
      leaveOneOut: () => leaveOneOut(units, best, fitted, configurations),
      flags: flags(law, names, fitted, units, best, known, optimum, configurations),
    };
  }

  function quality(law, outer, at, predicted) {
    const { y, target, n } = outer, free = law.linear.length + law.nonlinear.length + law.constants.length, centre = mean(y);
    const total = sum(y.map((one) => (one - centre) ** 2)), known = total > (1e-12 * Math.max(...y.map(Math.abs))) ** 2 * n;
    const r2 = known ? 1 - sum(y.map((one, i) => (one - predicted[i]) ** 2)) / total : NaN, k = free + 1;
    const square = Math.max(mean(F.residuals(outer, at).map((one) => one * one)), (1e-15 * (outer.unit || 1)) ** 2);
    const turned = outer.log ? 2 * sum(target.map(Math.log)) : 0;
    return {
      r2, r2_adjusted: n > free ? 1 - ((1 - r2) * (n - 1)) / (n - free) : NaN,
      aicc: n > k + 1 ? n * Math.log(square) + 2 * k + (2 * k * (k + 1)) / (n - k - 1) + turned : Infinity,
    };
  }

  /* The error of every size predicted from all others. A generator of the share done; its return value is the RMSE. */
  function* leaveOneOut(units, best, fitted, count) {
    const p = units.problem, sizes = keyed(fitted.x), at = new Map();
    if (count - 1 < p.k + p.p) return NaN;
    for (const one of S.withoutEach(p, best, sizes)) {
      at.set(one.size, one.at);
      yield at.size / count;
    }
    return Math.sqrt(mean(p.x.map((row, i) => (fitted.y[i] - units.scale * F.valueAt(p.law, row, at.get(sizes[i]))) ** 2)));
  }

  /* Errors at sizes the fit has not seen, beside "no further gain" and a straight line in logs. */
  function heldOut(fitted, unseen, predicted, limits) {
    const rmse = (values) => Math.sqrt(mean(unseen.y.map((one, i) => (one - values[i]) ** 2)));
    const scale = sizeOf(fitted.x), largest = Math.max(...scale);
    const last = mean(fitted.y.filter((_, i) => scale[i] === largest));
    const design = (rows) => [rows.map(() => 1), ...rows[0].map((_, k) => rows.map((row) => Math.log(row[k])))];
    const { coef } = F.leastSquares(design(fitted.x), fitted.y), columns = design(unseen.x);
    const line = unseen.y.map((_, i) => sum(coef.map((c, j) => c * columns[j][i])));
    const known = limits.every(([low]) => Number.isFinite(low));
    return {
      sizes: distinct(sizeOf(unseen.x)).length, points: unseen.y.length, rmse: rmse(predicted),
      relative_error: mean(unseen.y.map((one, i) => Math.abs(predicted[i] - one) / Math.abs(one))),
      rmse_no_further_gain: rmse(unseen.y.map(() => last)), rmse_log_linear: rmse(line),
      inside_band: known ? mean(unseen.y.map((one, i) => (one >= limits[i][0] && one <= limits[i][1] ? 1 : 0))) : NaN,
    };
  }

  /* What should keep a reader from taking the fit at face value; keys as the properties of the library's `Fit`. */
  function flags(law, names, fitted, units, best, known, optimum, configurations) {
    const z = F.vector(units.problem, best), parameters = [...law.nonlinear, ...law.linear];
    const constants = law.constants.map((one, j) => [one, best.theta[law.nonlinear.length + j]]);
    const range = (k) => [Math.min(...fitted.x.map((row) => row[k])), Math.max(...fitted.x.map((row) => row[k]))];
    const free = parameters.length + constants.length;
    return {
      weak_parameters: weakParameters(units.problem, known),
      parameters_at_bound: Object.fromEntries(parameters.flatMap((one, j) => (z[j] > one.lower && z[j] < one.upper ? [] : [[one.name, z[j]]]))),
      constants_at_edge: Object.fromEntries(constants.flatMap(([{ name, values }, value]) => {
        const [low, high] = [Math.min(...values), Math.max(...values)];
        return low < high && (value === low || value === high) ? [[name, [value, low, high]]] : [];
      })),
      optimum_outside: Object.fromEntries(names.flatMap((name, k) => {
        const peak = optimum && optimum[name], [low, high] = range(k);
        return Number.isFinite(peak) && (peak < low || peak > high) ? [[name, [peak, low, high]]] : [];
      })),
      few_configurations: configurations < PER_PARAMETER * free,
      configurations, free, dof: known.dof,
    };
  }

  /* The fit as `recscale fit --json` writes it, null for what isn't finite; warnings are flags here, not sentences. */
  function toJson(one, group = {}) {
    const { law, n_points, parameters, intervals, objective, r2, r2_adjusted, aicc, leave_one_size_out_rmse, held_out, optimum } = one;
    const kept = { group, law, n_points, parameters, intervals, objective, r2, r2_adjusted, aicc, leave_one_size_out_rmse, held_out, optimum, flags: one.flags };
    return JSON.parse(JSON.stringify(kept, (_, value) => (typeof value === "number" && !Number.isFinite(value) ? null : value)));
  }

  /* The fit with `leave_one_size_out_rmse`, without pauses. */
  function whole(one) {
    const steps = one.leaveOneOut();
    let step = steps.next();
    while (!step.done) step = steps.next();
    return { ...one, leave_one_size_out_rmse: step.value };
  }

  Object.assign(R, { fit, whole, toJson, quantile, studentBelow, heldOut, sizeOf });
})(typeof window === "undefined" ? globalThis : window);
