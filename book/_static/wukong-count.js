/* Parameters, multiply-accumulates and training FLOP of a Wukong block by block, as recscale.models counts them.
   Pure functions. A configuration: {n, d, tasks, l, n_F, n_L, k, mlp_layers, mlp_width, head: […], fm, compressed,
   attention_width}. The bounds keep every count below 2⁵³, where a number is still exact. */
(function () {
  "use strict";

  const BOUNDS = {
    l: [1, 32], n_F: [1, 1024], n_L: [1, 1024], k: [1, 1024], mlp_layers: [0, 16], mlp_width: [1, 65536],
    n: [1, 4096], d: [1, 1024], tasks: [1, 16],
  };
  const HEAD = [4, 65536];
  const FORMS = ["optimised", "plain", "attentive"];

  const steps = (sizes) => sizes.slice(1).map((outputs, at) => [sizes[at], outputs]);
  const mlpParameters = (sizes) => steps(sizes).reduce((sum, [inputs, outputs]) => sum + (inputs + 1) * outputs, 0);
  const mlpMacs = (sizes) => steps(sizes).reduce((sum, [inputs, outputs]) => sum + inputs * outputs, 0);

  const outputs = (c) => c.n_F + c.n_L;
  const columns = (c, n) => (c.fm === "plain" ? n : c.k);
  const fmbSizes = (c, n) => [n * columns(c, n), ...Array(c.mlp_layers).fill(c.mlp_width), c.n_F * c.d];
  const headSizes = (c) => [outputs(c) * c.d, ...c.head, 1];

  function fm(c, n) {
    if (c.fm === "plain") return [0, n * n * c.d];
    const products = 2 * n * c.k * c.d;
    if (c.fm === "optimised") return [n * c.k, products];
    const attention = [c.compressed * c.d, c.attention_width, n * c.k];
    return [n * c.compressed + mlpParameters(attention), products + n * c.compressed * c.d + mlpMacs(attention)];
  }

  /* The blocks of one layer on n embeddings: [part, parameters, MACs]. */
  function layer(c, n) {
    const sizes = fmbSizes(c, n), parts = [["FM", ...fm(c, n)]];
    parts.push(["FMB's MLP", 2 * sizes[0] + mlpParameters(sizes), mlpMacs(sizes)]);
    parts.push(["LCB", n * c.n_L, n * c.n_L * c.d]);
    if (n !== outputs(c)) parts.push(["residual", n * outputs(c), n * outputs(c) * c.d]);
    return [...parts, ["LN", 2 * c.d, 0]];
  }

  /* Parts that stand once or in several equal layers: [{layers: [first, last] or null, part, times, parameters, macs}],
     the numbers of one of them. */
  function groups(c) {
    const found = layer(c, c.n).map((row) => [[1, 1], ...row]);
    if (c.l > 1) found.push(...layer(c, outputs(c)).map((row) => [[2, c.l], ...row]));
    const sizes = headSizes(c);
    found.push([null, "head", c.tasks * mlpParameters(sizes), c.tasks * mlpMacs(sizes)]);
    return found.map(([layers, part, parameters, macs]) =>
      ({ layers, part, times: layers ? layers[1] - layers[0] + 1 : 1, parameters, macs }));
  }

  /* Every block by the library's name: [{name, parameters, macs}]. */
  function blocks(c) {
    const all = [];
    for (let index = 1; index <= c.l; index += 1) {
      for (const [part, parameters, macs] of layer(c, index === 1 ? c.n : outputs(c))) {
        all.push({ name: `layer ${index}: ${part}`, parameters, macs });
      }
    }
    const { parameters, macs } = groups(c).at(-1);
    return [...all, { name: "head", parameters, macs }];
  }

  /* Dense parameters, MACs and training FLOP per example: 2 forward, 4 backward for every MAC. */
  function account(c) {
    const sum = (key) => groups(c).reduce((total, group) => total + group.times * group[key], 0);
    const macs = sum("macs");
    return { parameters: sum("parameters"), macs, flop: 6 * macs, order: 2 ** c.l };
  }

  /* What is wrong with a configuration, in one sentence; "" if nothing. */
  function fault(c) {
    for (const [name, [low, high]] of Object.entries(BOUNDS)) {
      if (!Number.isInteger(c[name]) || c[name] < low || c[name] > high) {
        const given = Number.isNaN(c[name]) ? "empty or no number" : c[name];
        return `${name} is ${given}; it must be a whole number from ${low} to ${high}.`;
      }
    }
    const fits = (width) => Number.isInteger(width) && width >= 1 && width <= HEAD[1];
    if (c.head.length > HEAD[0] || !c.head.every(fits)) {
      const given = c.head.map((width) => (Number.isNaN(width) ? "no number" : width)).join(", ");
      return `The head is ${given}; it must be at most ${HEAD[0]} whole numbers from 1 to ${HEAD[1]}.`;
    }
    return FORMS.includes(c.fm) ? "" : `FM is ${c.fm}; it must be one of ${FORMS.join(", ")}.`;
  }

  /* y = offset + A x^(-exponent), with x = FLOP / unit. */
  const predict = (law, flop) => law.offset + law.A * (flop / law.unit) ** -law.exponent;

  window.recscale = window.recscale || {};
  window.recscale.wukongCount =
    { BOUNDS, FORMS, outputs, columns, fmbSizes, headSizes, layer, groups, blocks, account, fault, predict };
})();
