/* The entropies of one item sequence, in nats, as recscale.entropy defines them, and what they are made of.
   Pure functions. items: whole numbers; r: tolerance between items of two windows; NaN where there is no value. */
(function () {
  "use strict";

  const ROUNDING = 1e-12;
  const sum = (values) => values.reduce((total, value) => total + value, 0);

  /* For every window of `length` items the starts of those within r, its own included. `windows`: only so many. */
  function matches(items, length, r, windows = items.length - length + 1) {
    const starts = Array.from({ length: Math.max(windows, 0) }, (_, at) => at);
    const near = (i, j) => {
      for (let k = 0; k < length; k += 1) if (Math.abs(items[i + k] - items[j + k]) > r) return false;
      return true;
    };
    return starts.map((i) => starts.filter((j) => near(i, j)));
  }

  /* Φ = mean over windows of ln(share of windows within r). */
  function phi(items, length, r) {
    const found = matches(items, length, r);
    return found.length ? sum(found.map((same) => Math.log(same.length))) / found.length - Math.log(found.length) : NaN;
  }

  function approximateEntropy(items, m, r) {
    const shorter = phi(items, m, r), difference = shorter - phi(items, m + 1, r);
    return Math.abs(difference) < ROUNDING * (1 + Math.abs(shorter)) ? 0 : Math.abs(difference);
  }

  /* Pairs of different windows within r: B of m items among the first n - m windows, A of m + 1 items. */
  function samplePairs(items, m, r) {
    const windows = items.length - m, pairs = (length) => sum(matches(items, length, r, windows).map((same) => same.length - 1)) / 2;
    return { A: pairs(m + 1), B: pairs(m) };
  }

  function sampleEntropy(items, m, r) {
    const { A, B } = samplePairs(items, m, r);
    return B === 0 ? NaN : A === 0 ? Infinity : Math.log(B / A);
  }

  /* For every i the longest prefix of items[i:] that lies wholly before i: its length, and where it first stands. */
  function earlier(items) {
    return items.map((_, i) => {
      let best = { length: 0, at: -1 };
      for (let j = 0; j < i; j += 1) {
        let length = 0;
        while (j + length < i && i + length < items.length && items[j + length] === items[i + length]) length += 1;
        if (length > best.length) best = { length, at: j };
      }
      return best;
    });
  }

  /* ln n / mean Λ, with Λ one more than that length. */
  function realEntropy(items) {
    const n = items.length;
    return n ? (Math.log(n) * n) / sum(earlier(items).map(({ length }) => length + 1)) : NaN;
  }

  function tally(values) {
    const counts = new Map();
    for (const value of values) counts.set(value, (counts.get(value) || 0) + 1);
    return counts;
  }

  function shannonEntropy(items) {
    const n = items.length;
    return n ? sum([...tally(items).values()].map((count) => (count / n) * Math.log(n / count))) : NaN;
  }

  /* For every step from i to i + 1: how often this step, and how often any step from the same item. */
  function transitions(items) {
    const from = tally(items.slice(0, -1)), key = (i) => `${items[i]},${items[i + 1]}`;
    const pairs = tally(items.slice(0, -1).map((_, i) => key(i)));
    return items.slice(0, -1).map((item, i) => ({ step: pairs.get(key(i)), from: from.get(item) }));
  }

  /* The plug-in entropy rate of the first-order chain through the sequence. */
  function markovRate(items) {
    const steps = transitions(items);
    return steps.length ? sum(steps.map(({ step, from }) => Math.log(from / step))) / steps.length : NaN;
  }

  /* A chain over K items whose every row holds these probabilities: to the next item of a cycle with 1 - noise, else to
     any. All items are equally frequent. Its entropy rate, and the shortest code of n items per token, in nats. */
  const cycleRow = (K, noise) => Array.from({ length: K }, (_, k) => noise / K + (k === 0 ? 1 - noise : 0));
  const rate = (row) => sum(row.map((p) => (p > 0 ? -p * Math.log(p) : 0)));
  const shortestCode = (row, n) => (Math.log(row.length) + (n - 1) * rate(row)) / n;

  /* A generator of uniform numbers in [0, 1) from a whole-number seed (mulberry32). */
  function generator(seed) {
    let state = seed >>> 0;
    return () => {
      state = (state + 0x6d2b79f5) >>> 0;
      let mixed = Math.imul(state ^ (state >>> 15), state | 1);
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
    };
  }

  const uniform = (K, n, random) => Array.from({ length: n }, () => Math.floor(random() * K));

  function noisyCycle(K, n, noise, random) {
    const items = n ? [Math.floor(random() * K)] : [];
    while (items.length < n) items.push(random() < noise ? Math.floor(random() * K) : (items.at(-1) + 1) % K);
    return items;
  }

  function shuffled(values, random) {
    const mixed = [...values];
    for (let i = mixed.length - 1; i > 0; i -= 1) {
      const j = Math.floor(random() * (i + 1));
      [mixed[i], mixed[j]] = [mixed[j], mixed[i]];
    }
    return mixed;
  }

  /* Each item but the first replaced, with chance `share`, by the one just before. */
  function duplicated(values, share, random) {
    const copies = [...values];
    for (let i = 1; i < copies.length; i += 1) if (random() < share) copies[i] = copies[i - 1];
    return copies;
  }

  window.recscale = window.recscale || {};
  window.recscale.entropy = {
    matches, phi, approximateEntropy, samplePairs, sampleEntropy, earlier, realEntropy, tally, shannonEntropy, transitions, markovRate,
    cycleRow, rate, shortestCode, generator, uniform, noisyCycle, shuffled, duplicated,
  };
})();
