/* From points to the global optimum: natural units, the search grid, refinement of its lowest nodes, the sweep over grid
   constants, the optimum at each of their values, and refits without each size. Pure: no page, no state. */
(function (root) {
  "use strict";

  const R = (root.recscale = root.recscale || {});
  const F = (R.fitting = R.fitting || {}); // filled by fitter.js, in whatever order the scripts come

  /* The points with each x and the size of y over its median where the law is closed under that, and the way back. */
  function natural(law, x, y, options = {}) {
    const unit = x[0].map((_, k) => (law.rescaled ? F.median(x.map((row) => row[k])) : 1));
    const nonzero = y.filter((value) => value !== 0).map(Math.abs);
    const size = nonzero.length ? F.median(nonzero) : 1, scale = law.homogeneous ? size : 1;
    const inside = F.problem(law, x.map((row) => row.map((value, k) => value / unit[k])), y.map((value) => value / scale), {
      ...options, delta: law.scale === "y" ? ((options.delta || 1e-3) * size) / scale : options.delta,
    });
    const names = [...law.linear, ...law.nonlinear, ...law.constants].map((one) => one.name);
    const carry = (at, units, factor) => {
      const coef = at.coef.map((value) => value * factor);
      if (!law.rescaled) return { ...at, coef };
      const values = Object.fromEntries([...coef, ...at.theta].map((value, j) => [names[j], value]));
      const moved = law.rescaled(values, units, law.names), all = names.map((name) => moved[name]);
      return { theta: all.slice(law.linear.length), coef: all.slice(0, law.linear.length) };
    };
    return {
      problem: inside, unit, scale, squared: law.scale === "y" ? scale ** 2 : 1, names,
      outward: (at) => carry(at, unit, scale),
      columns: (rows) => rows.map((row) => row.map((value, k) => value / unit[k])),
    };
  }

  /* The law's own symbols of a solution in the reader's units. */
  function symbols(law, at) {
    const parameters = [...law.linear, ...law.nonlinear, ...law.constants];
    const raw = Object.fromEntries([...at.coef, ...at.theta].map((value, j) => [parameters[j].name, value]));
    const shown = law.present(raw);
    return Object.fromEntries(parameters.map(({ name }) => [name, shown[name]]));
  }

  /* ---- the search grid ---- */

  const combinations = (law) => law.constants.reduce((count, one) => count * one.values.length, 1);
  const thinned = (law) => combinations(law) > F.COMBINATIONS;

  function gridOf(p) {
    const axes = p.law.nonlinear.map((one) => one.nodes || p.law.nodes[one.name](p.x, p.y));
    const keep = Math.max(2, Math.floor(F.THINNED ** (1 / p.law.constants.length)));
    const lists = p.law.constants.map(({ values }) => {
      if (!thinned(p.law)) return values;
      const places = Array.from({ length: keep }, (_, i) => Math.round(values.length ** (i / (keep - 1))) - 1);
      return [...new Set(places)].map((place) => values[place]);
    });
    return [...axes, ...lists];
  }

  /* Of one column (or the offset): its values at every node of the axes it uses. */
  function tabulated(p, axes, uses, value) {
    const size = uses.reduce((count, axis) => count * axes[axis].length, 1), theta = axes.map((axis) => axis[0]);
    return {
      uses,
      table: Array.from({ length: size }, (_, node) => {
        for (let u = 0, rest = node; u < uses.length; u++) {
          theta[uses[u]] = axes[uses[u]][rest % axes[uses[u]].length];
          rest = Math.floor(rest / axes[uses[u]].length);
        }
        return Float64Array.from(p.x, (row) => value(row, theta));
      }),
    };
  }

  /* Weighted products of two tabulated columns at every node of the axes either uses. */
  function products(axes, weight, first, second) {
    const uses = [...new Set([...first.uses, ...second.uses])], size = uses.reduce((count, axis) => count * axes[axis].length, 1);
    const index = new Array(axes.length).fill(0), values = new Float64Array(size);
    const [one, other] = [first, second].map(({ uses }) => places(axes, uses));
    for (let node = 0; node < size; node++) {
      for (let u = 0, rest = node; u < uses.length; u++) {
        index[uses[u]] = rest % axes[uses[u]].length;
        rest = Math.floor(rest / axes[uses[u]].length);
      }
      const a = first.table[one(index)], b = second.table[other(index)];
      for (let i = 0; i < weight.length; i++) values[node] += weight[i] * a[i] * b[i];
    }
    return { values, place: places(axes, uses) };
  }

  /* From the indices of a node to its place in a table over the axes `uses`. */
  function places(axes, uses) {
    const strides = uses.map((_, u) => uses.slice(0, u).reduce((count, axis) => count * axes[axis].length, 1));
    return (index) => {
      let place = 0;
      for (let u = 0; u < uses.length; u++) place += index[uses[u]] * strides[u];
      return place;
    };
  }

  /* θ of the `starts` lowest local minima of the projected objective at every value of the grid constants. */
  function search(p, starts) {
    const axes = gridOf(p), { law, k } = p, m = law.linear.length, lengths = axes.map((axis) => axis.length);
    const nodes = lengths.reduce((a, b) => a * b, 1), lists = lengths.slice(k).reduce((a, b) => a * b, 1);
    const weight = Float64Array.from(p.target, (value) => (p.log ? 1 / (value * value) : 1));
    const columns = law.linear.map((_, j) => tabulated(p, axes, law.uses[j], (row, t) => law.columns(row, t)[j]));
    columns.push({ uses: [], table: [Float64Array.from(p.target)] });
    if (!p.log && law.offset) columns.push(tabulated(p, axes, law.offsetUses, (row, t) => law.offset(row, t).value));
    const pairs = columns.map((first, a) => columns.slice(0, a + 1).map((second) => products(axes, weight, first, second)));
    const costs = new Float64Array(nodes), index = new Array(axes.length).fill(0), gram = F.zeros(m + 1, m + 1);
    const zero = F.subsets(F.bounded(law)).map((held) => ({ held, free: law.linear.map((_, j) => j).filter((j) => !held.includes(j)) }));
    const at = (a, b) => pairs[a][b].values[pairs[a][b].place(index)];
    for (let node = 0; node < nodes; node++) {
      for (let axis = axes.length - 1, rest = node; axis >= 0; axis--) {
        index[axis] = rest % lengths[axis];
        rest = Math.floor(rest / lengths[axis]);
      }
      for (let a = 0; a <= m; a++) for (let b = 0; b <= a; b++) gram[a][b] = gram[b][a] = at(a, b);
      if (columns.length > m + 1) { // the target less the offset
        for (let a = 0; a < m; a++) gram[m][a] = gram[a][m] -= at(m + 1, a);
        gram[m][m] += at(m + 1, m + 1) - 2 * at(m + 1, m);
      }
      costs[node] = projected(gram, zero, law.linear);
    }
    return lowest(costs, lengths, k, lists, starts).map(({ node, list }) => {
      const theta = new Array(axes.length);
      for (let axis = axes.length - 1, rest = node; axis >= 0; axis--) {
        theta[axis] = axes[axis][rest % lengths[axis]];
        rest = Math.floor(rest / lengths[axis]);
      }
      return { theta, list };
    });
  }

  /* The least sum of squares left by the columns of a Gram matrix, coefficients with a bound at least 0. */
  function projected(gram, zero, linear) {
    let best = Infinity;
    for (const { held, free } of zero) {
      const { rest, coef } = eliminate(gram, free, linear.length);
      if (!Number.isFinite(rest) || free.some((j, q) => linear[j].lower === 0 && !(coef[q] >= 0))) continue;
      best = Math.min(best, Math.max(rest, 0));
      if (!held.length) break;
    }
    return best;
  }

  function eliminate(gram, free, target) {
    const order = [...free, target], work = order.map((i) => order.map((j) => gram[i][j])), m = free.length;
    const inverse = new Array(m), coef = new Array(m).fill(0);
    let rest = gram[target][target];
    for (let c = 0; c < m; c++) {
      const value = work[c][c];
      inverse[c] = value > Math.max(F.PIVOT * gram[free[c]][free[c]], F.TINY) ? 1 / value : 0;
      rest -= work[m][c] ** 2 * inverse[c];
      for (let r = c + 1; r <= m; r++) {
        const factor = work[r][c] * inverse[c];
        for (let j = c + 1; j <= m; j++) work[r][j] -= factor * work[c][j];
      }
    }
    for (let c = m - 1; c >= 0; c--) {
      let value = work[m][c];
      for (let j = c + 1; j < m; j++) value -= work[j][c] * coef[j];
      coef[c] = value * inverse[c];
    }
    return { rest, coef };
  }

  /* Flat node numbers of the lowest local minima along the first k axes, `starts` for each of the grid's lists. */
  function lowest(costs, lengths, k, lists, starts) {
    const strides = lengths.map((_, axis) => lengths.slice(axis + 1).reduce((a, b) => a * b, 1)), found = Array.from({ length: lists }, () => []);
    for (let node = 0; node < costs.length; node++) {
      const value = costs[node];
      let low = Number.isFinite(value);
      for (let axis = 0; axis < k && low && starts > 1; axis++) {
        const place = Math.floor(node / strides[axis]) % lengths[axis];
        low = !(place > 0 && costs[node - strides[axis]] < value) && !(place < lengths[axis] - 1 && costs[node + strides[axis]] < value);
      }
      if (!low) continue;
      const list = found[node % lists];
      if (list.length < starts || value < list[list.length - 1].value) {
        list.push({ node, list: node % lists, value });
        list.sort((a, b) => a.value - b.value);
        if (list.length > starts) list.pop();
      }
    }
    return found.flat();
  }

  /* ---- optima ---- */

  /* The cheapest solution; of equals (terms that may change places) the one with the least θ. */
  function bestOf(solutions) {
    const least = Math.min(...solutions.map((one) => one.cost));
    const equal = solutions.filter((one) => !(one.cost > least * (1 + F.TIED)));
    const round = (one) => one.theta.map((value) => Math.round(value * 1000));
    return equal.sort((a, b) => {
      const [first, second] = [round(a), round(b)], differs = first.findIndex((value, j) => value !== second[j]);
      return differs < 0 ? a.cost - b.cost : first[differs] - second[differs];
    })[0];
  }

  const cheapest = (solutions, count) => [...solutions].sort((a, b) => a.cost - b.cost).slice(0, count);

  function solve(p) {
    const starts = search(p, Math.max(F.LEAST_STARTS, Math.floor(F.STARTS / gridOf(p).slice(p.k).reduce((a, axis) => a * axis.length, 1))));
    const first = starts.map((start) => F.refine(p, start, F.FIRST_LOOK[p.loss]));
    let best = bestOf(cheapest(first, F.FINALISTS).map((one) => F.refine(p, one)));
    if (thinned(p.law)) best = sweep(p, best);
    return F.polish(p, best);
  }

  /* Every grid constant over all its values from the best solution so far, until no sweep improves it. */
  function sweep(p, start) {
    let best = start, before = Infinity;
    while (best.cost < before * (1 - 1e-9)) {
      before = best.cost;
      p.law.constants.forEach(({ values }, position) => {
        const tried = values.map((value) => {
          const theta = [...best.theta];
          theta[p.k + position] = value;
          return F.refine(p, { theta }, F.REFIT_ITERATIONS);
        });
        best = bestOf([best, ...tried]);
      });
    }
    return best;
  }

  /* The optimum at every value of the law's only grid constant. */
  function conditional(p) {
    const values = p.law.constants[0].values, found = values.map(() => []);
    for (const start of search(p, 3)) found[start.list].push(F.refine(p, start));
    return found.filter((list) => list.length).map(bestOf);
  }

  /* The solutions without each distinct size in turn, one by one so that a page can breathe between them; grid constants
     with too many combinations keep their values. */
  function* withoutEach(p, best, sizes) {
    const fixed = thinned(p.law)
      ? { ...p.law, constants: p.law.constants.map((one, j) => ({ ...one, values: [best.theta[p.k + j]] })) } : p.law;
    for (const size of new Set(sizes)) {
      const left = { ...F.take(p, sizes.map((one) => one !== size)), law: fixed };
      const starts = [...search(left, 1), { theta: best.theta }].map((start) => F.refine(left, start, F.GLANCE));
      const done = cheapest(starts, F.REFIT_FINALISTS).map((one) => F.refine(left, one, F.REFIT_ITERATIONS));
      yield { size, at: bestOf(done) };
    }
  }

  R.solving = Object.assign(R.solving || {}, { natural, symbols, search, solve, conditional, withoutEach, bestOf });
})(typeof window === "undefined" ? globalThis : window);
