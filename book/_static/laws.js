/* The scaling laws as functions: y = o(x; θ) + Σ c_j φ_j(x; θ), coefficients c, nonlinear parameters and grid constants
   θ. Names, bounds and search nodes come from the library's registry (`recscale.figures.law_explorers.registry`); here are
   the functions that JSON can't hold. Pure: no page, no state. */
(function (root) {
  "use strict";

  const R = (root.recscale = root.recscale || {});

  const { log, exp, expm1, pow, min, max } = Math;
  const one = (value, slopes) => ({ value, slopes });
  const last = (values) => values[values.length - 1];

  function linspace(first, final, count) {
    return Array.from({ length: count }, (_, k) => first + ((final - first) * k) / (count - 1));
  }
  const geomspace = (first, final, count) => linspace(log(first), log(final), count).map(exp);
  const column = (points, k) => points.map((x) => x[k]);

  /* x^(-α) and its derivative. */
  function power(x, exponent) {
    const value = pow(x, -exponent);
    return [value, -log(x) * value];
  }

  /* ln x^w + p/x^w - p, and its derivative by w. */
  function inside(x, w, p) {
    const line = log(x);
    return [w * line + p * expm1(-w * line), line - p * line * exp(-w * line)];
  }

  /* ln x + p/x^w - p, and its derivative by w. */
  function outside(x, w, p) {
    const line = log(x);
    return [line + p * expm1(-w * line), -p * line * exp(-w * line)];
  }

  /* A law of two axes that share the constant p: columns, their slopes in (w3, w4, …), and which θ each uses. */
  function performance(form, p, constant) {
    return {
      uses: [[0, constant], [1, constant], []],
      columns: (x, t) => [form(x[0], t[0], p(t[constant]))[0], form(x[1], t[1], p(t[constant]))[0], 1],
      slopes: (x, t) => [
        [form(x[0], t[0], p(t[constant]))[1], 0, 0],
        [0, form(x[1], t[1], p(t[constant]))[1], 0],
        ...Array.from({ length: constant - 2 }, () => [0, 0, 0]),
      ],
    };
  }

  /* Adds to b what the columns leave out of it: p (w1 + w2), and the data term's p2. */
  function fullOffset(v) {
    const p = "p1" in v ? v.p1 : 1 / v.q1;
    return { ...v, b: v.b - p * (v.w1 + v.w2) - ("q2" in v ? 1 / v.q2 : 0) };
  }

  function peakInside(v, names) {
    const place = (weight, w) => (weight < 0 && w < 0 ? pow(v.q1, -1 / w) : NaN);
    return { [names[0]]: place(v.w1, v.w3), [names[1]]: place(v.w2, v.w4) };
  }

  function peakOutside(v, names) {
    const place = (weight, w) => (weight * w < 0 && v.p1 * w > 0 ? pow(v.p1 * w, 1 / w) : NaN);
    return { [names[0]]: place(v.w1, v.w3), [names[1]]: place(v.w2, v.w4) };
  }

  const reciprocal = (q) => 1 / q;
  const same = (p) => p;
  const joint = performance(inside, reciprocal, 3);

  const ratios = [0.2, 0.35, 0.5, 0.7, 0.85, 1.0, 1.25, 1.6, 2.2, 3.0];

  const FORMS = {
    constant: { uses: [[]], columns: () => [1], slopes: () => [], rescaled: (v) => v },
    "log-linear": {
      uses: [[], [], [], []],
      columns: (x) => [1, ...x.map(log)],
      slopes: () => [],
      rescaled: (v, s, names) => ({ ...v, c: names.reduce((c, n, k) => c - v["β_" + n] * log(s[k]), v.c) }),
    },
    "log-quadratic": {
      uses: [[], [], [], [], [], [], []],
      columns: (x) => [1, ...x.map(log), ...x.map((one) => log(one) ** 2)],
      slopes: () => [],
      rescaled(v, s, names) {
        const moved = { ...v };
        names.forEach((name, k) => {
          const shift = log(s[k]), slope = v["β_" + name], bend = v["γ_" + name];
          moved["β_" + name] = slope - 2 * bend * shift;
          moved.c = moved.c - slope * shift + bend * shift ** 2;
        });
        return moved;
      },
      optimum: (v, names) => Object.fromEntries(
        names.map((n) => [n, v["γ_" + n] < 0 ? exp(-v["β_" + n] / (2 * v["γ_" + n])) : NaN])),
    },
    "power-law": {
      uses: [[0]],
      columns: (x, t) => [power(x[0], t[0])[0]],
      slopes: (x, t) => [[power(x[0], t[0])[1]]],
      rescaled: (v, s) => ({ ...v, A: v.A * pow(s[0], v["α"]) }),
    },
    "power-law-floor": {
      uses: [[], [0]],
      columns: (x, t) => [1, power(x[0], t[0])[0]],
      slopes: (x, t) => [[0, power(x[0], t[0])[1]]],
      rescaled: (v, s) => ({ ...v, A: v.A * pow(s[0], v["α"]) }),
    },
    wukong: {
      uses: [[0]],
      columns: (x, t) => [power(x[0], t[0])[0]],
      slopes: (x, t) => [[power(x[0], t[0])[1]]],
      offset: () => one(-100, [0]),
      rescaled: (v, s) => ({ ...v, A: v.A * pow(s[0], v.c) }),
    },
    kaplan: {
      uses: [[0, 1, 2]],
      columns: (x, t) => [pow(exp(t[0] - t[1] * log(x[0])) + 1 / x[1], t[2])],
      slopes(x, t) {
        const term = exp(t[0] - t[1] * log(x[0])), base = term + 1 / x[1], value = pow(base, t[2]);
        const slope = (t[2] * value * term) / base;
        return [[slope], [-log(x[0]) * slope], [log(base) * value]];
      },
      nodes: {
        "N_C"(points) {
          const size = column(points, 0).map(log), data = column(points, 1).map(log);
          const ends = [ratios[0], last(ratios)].flatMap((r) => [r * min(...size), r * max(...size)]);
          return linspace(min(...ends) - max(...data) - 3, max(...ends) - min(...data) + 3, 48);
        },
      },
      rescaled: (v, s) => ({
        ...v, "N_C": v.N_C + v["α_N"] * log(s[0]) - log(s[1]), "D_C": v.D_C * pow(s[1], v["α_D"]),
      }),
      present(v) {
        const data = log(v.D_C) / v["α_D"];
        return { "D_C": exp(data), "N_C": exp((data + v.N_C) / v["α_N"]), "α_N": v["α_N"] * v["α_D"], "α_D": v["α_D"] };
      },
    },
    chinchilla: {
      uses: [[], [0], [1]],
      columns: (x, t) => [1, power(x[0], t[0])[0], power(x[1], t[1])[0]],
      slopes: (x, t) => [[0, power(x[0], t[0])[1], 0], [0, 0, power(x[1], t[1])[1]]],
      rescaled: (v, s) => ({ ...v, A: v.A * pow(s[0], v["α"]), B: v.B * pow(s[1], v["β"]) }),
    },
    "loss-law": {
      uses: [[0, 1]],
      columns: (x, t) => [pow(1 / x[0] + t[0], t[1])],
      slopes(x, t) {
        const base = 1 / x[0] + t[0], value = pow(base, t[1]);
        return [[(t[1] * value) / base], [log(base) * value]];
      },
      nodes: {
        "1/D": (points) => [0, ...geomspace(1e-3 / max(...column(points, 0)), 30 / min(...column(points, 0)), 40)],
      },
      rescaled: (v, s) => ({ ...v, K: v.K * pow(s[0], v.a), "1/D": v["1/D"] / s[0] }),
    },
    "performance-law": { ...performance(inside, reciprocal, 2), present: fullOffset, optimum: peakInside },
    "performance-law-outside": { ...performance(outside, same, 2), present: fullOffset, optimum: peakOutside },
    "performance-law-joint": {
      ...joint,
      offsetUses: [2, 4],
      offset(x, t) {
        const [value, slope] = inside(x[2], t[2], 1 / t[4]);
        return one(value, [0, 0, slope]);
      },
      nodes: {
        w5(points, y) {
          const data = column(points, 2).map(log);
          const slope = (max(...y) - min(...y) || 1) / (max(...data) - min(...data) || 1);
          const sizes = geomspace(0.01, 10, 7).map((factor) => slope * factor);
          return [...sizes.map((size) => -size).reverse(), ...sizes];
        },
      },
      present: fullOffset,
      optimum: peakInside,
    },
  };

  /* A law on the reader's columns: an entry of the registry joined with its functions. Of a form that takes any number
     of columns the registry holds one entry per number, with {0}, {1}, … for their names. */
  function law(registry, name, names) {
    const entries = registry.filter((entry) => entry.name === name);
    if (!entries.length) throw new Error(`there is no law “${name}”; choose from ${[...new Set(registry.map((e) => e.name))].join(", ")}`);
    const entry = entries.find((one) => one.variables.length === names.length);
    if (!entry) {
      const takes = entries.map((one) => one.variables.length).join(", ");
      throw new Error(`the law “${name}” takes ${takes} column(s) (${entries[0].variables.join(", ")}), got ${names.length}: ${names.join(", ")}`);
    }
    const filled = (text) => text.replace(/\{(\d)\}/g, (_, k) => names[k]);
    const open = (limit) => limit ?? Infinity;
    const parameters = (list) => list.map((p) => ({
      ...p, name: filled(p.name), meaning: filled(p.meaning), lower: p.lower ?? -Infinity, upper: open(p.upper),
    }));
    const form = FORMS[name];
    return {
      ...form, ...entry, names, linear: parameters(entry.linear), nonlinear: parameters(entry.nonlinear),
      present: form.present || ((v) => v), nodes: form.nodes || {},
      homogeneous: !form.offset,
    };
  }

  Object.assign(R, { FORMS, law });
})(typeof window === "undefined" ? globalThis : window);
