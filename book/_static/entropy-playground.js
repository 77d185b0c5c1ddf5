/* The entropy playground: a sequence as chips, five entropies with what they are made of, D′, and the coding bound.
   The numbers come from entropy.js. */
document.addEventListener("DOMContentLoaded", () => {
  "use strict";

  const { element, grouped, labelled, messenger, explorers } = window.recscale.parts;
  const entropy = window.recscale.entropy;

  const MOST = 200, LETTERS = "abcdefghijklmnopqrstuvwxyz";
  const FIELDS = {
    m: ["window m", 1, 5, 1, 2], r: ["tolerance r", 0, 100, "any", 0], K: ["items to draw from K", 1, 1000, 1, 4],
    n: ["length to draw n", 1, MOST, 1, 24], noise: ["noise of the chain", 0, 1, 0.05, 0.25],
  };
  const fixed = (value) => value.toFixed(4).replace("-", "−");
  const ratio = (counts) => counts.join("/");

  /* One entry per measure: its name, value, what it is made of, the count under chip i, and the places it lights up. */
  const MEASURES = {
    apen: {
      name: (s) => `ApEn(${s.m}, ${s.r})`,
      value: (s) => (s.items.length > s.m ? entropy.approximateEntropy(s.items, s.m, s.r) : NaN),
      made: (s) => `|Φᵐ − Φᵐ⁺¹| = |${fixed(entropy.phi(s.items, s.m, s.r))} − (${fixed(entropy.phi(s.items, s.m + 1, s.r))})|`,
      prepare: (s) => [s.m, s.m + 1].map((length) => entropy.matches(s.items, length, s.r)),
      count: (found, i) => ratio(found.map((same) => same[i]?.length).filter(Boolean)),
      explain: (s, found, i) => found.filter((same) => same[i]).map((same, k) =>
        `${stretch(s, i, s.m + k)}: ${same[i].length} of ${same.length} windows`).join("; "),
      light: (s, found, i) => windows(found, i, s.m),
    },
    sampen: {
      name: (s) => `SampEn(${s.m}, ${s.r})`,
      value: (s) => (s.items.length > s.m ? entropy.sampleEntropy(s.items, s.m, s.r) : NaN),
      made: (s) => { const { A, B } = entropy.samplePairs(s.items, s.m, s.r); return `−ln(A/B), A = ${A}, B = ${B} pairs`; },
      prepare: (s) => [s.m, s.m + 1].map((length) => entropy.matches(s.items, length, s.r, s.items.length - s.m)),
      count: (found, i) => ratio(found.filter((same) => same[i]).map((same) => same[i].length - 1)),
      explain: (s, found, i) => found.filter((same) => same[i]).map((same, k) =>
        `${stretch(s, i, s.m + k)}: ${same[i].length - 1} others of ${same.length - 1}`).join("; "),
      light: (s, found, i) => windows(found, i, s.m),
    },
    real: {
      name: () => "real entropy S",
      value: (s) => entropy.realEntropy(s.items),
      made: (s) => { const n = s.items.length; return `ln n / mean Λ = ln ${n} / ${fixed(Math.log(n) / entropy.realEntropy(s.items) || 1)}`; },
      prepare: (s) => entropy.earlier(s.items),
      count: (found, i) => `${found[i].length + 1}`,
      explain: (s, found, i) => `Λ = ${found[i].length + 1}: ${stretch(s, i, found[i].length + 1)}` +
        (found[i].length ? `; ${stretch(s, i, found[i].length)} at ${found[i].at + 1}` : ""),
      light: (s, found, i) => ({ own: span(i, found[i].length + 1), match: span(found[i].at, found[i].length), longer: [] }),
    },
    markov: {
      name: () => "Markov rate h",
      value: (s) => entropy.markovRate(s.items),
      made: (s) => `mean of ln(n_a / n_ab) over ${s.items.length - 1} steps`,
      prepare: (s) => entropy.transitions(s.items),
      count: (found, i) => (found[i] ? ratio([found[i].step, found[i].from]) : ""),
      explain: (s, found, i) => (found[i] ? `${stretch(s, i, 2)}: ${found[i].step} of ${found[i].from} steps from ${s.tokens[i]}` : ""),
      light: (s, found, i) => {
        const from = found[i] ? span(0, found.length).filter((j) => s.items[j] === s.items[i] && j !== i) : [];
        return { own: found[i] ? [i, i + 1] : [i], match: from, longer: from.filter((j) => s.items[j + 1] === s.items[i + 1]).map((j) => j + 1) };
      },
    },
    shannon: {
      name: () => "Shannon entropy H",
      value: (s) => entropy.shannonEntropy(s.items),
      made: (s) => `Σ p ln 1/p over ${entropy.tally(s.items).size} different items`,
      prepare: (s) => entropy.tally(s.items),
      count: (found, i, s) => `${found.get(s.items[i])}`,
      explain: (s, found, i) => `${s.tokens[i]}: ${found.get(s.items[i])} of ${s.items.length} items`,
      light: (s, _, i) => ({ own: [i], match: span(0, s.items.length).filter((j) => s.items[j] === s.items[i] && j !== i), longer: [] }),
    },
  };

  const span = (from, length) => Array.from({ length: Math.max(length, 0) }, (_, k) => from + k);
  const stretch = (s, i, length) => `(${s.tokens.slice(i, i + length).join(" ")})`;

  /* Places of window i, of the windows equal to it, and of the next item where that is equal too. */
  function windows([shorter, longer], i, m) {
    if (!shorter[i]) return { own: [i], match: [], longer: [] };
    const others = (same) => (same || []).filter((j) => j !== i);
    return { own: span(i, m), match: others(shorter[i]).flatMap((j) => span(j, m)), longer: others(longer[i]).flatMap((j) => [j + m, i + m]) };
  }

  /* Items are whole numbers as typed, or else the places of the words in their alphabetical order. */
  function numbered(tokens) {
    if (tokens.every((token) => /^-?\d{1,9}$/.test(token))) return tokens.map(Number);
    const names = [...new Set(tokens)].sort();
    return tokens.map((token) => names.indexOf(token));
  }

  const parsed = (text) => (/[\s,;]/.test(text.trim()) ? text.trim().split(/[\s,;]+/) : [...text.trim()]).filter(Boolean);
  const named = (items, K) => items.map((item) => (K <= LETTERS.length ? LETTERS[item] : String(item + 1)));

  /* What is wrong, in one sentence; "" if nothing. */
  function fault(values, count) {
    for (const [name, [, low, high, step]] of Object.entries(FIELDS)) {
      const value = values[name], whole = step === 1;
      if (value >= low && value <= high && (!whole || Number.isInteger(value))) continue;
      const given = Number.isNaN(value) ? "empty or no number" : value;
      return `${name} is ${given}; it must be a ${whole ? "whole " : ""}number from ${low} to ${high}.`;
    }
    if (count <= MOST && count > values.m) return "";
    return `The sequence has ${count} items; it must have ${values.m + 1} to ${MOST}.`;
  }

  /* Bits per token: the chain's own where one was drawn, then the measured stand-ins, each with its reciprocal. */
  function coding(s) {
    const bits = (nats) => nats / Math.LN2, rows = [];
    const both = (name, nats) => rows.push([name, bits(nats)], [`1 / ${name}`, bits(nats) > 0 ? 1 / bits(nats) : Infinity]);
    const code = s.row ? bits(entropy.shortestCode(s.row, s.items.length)) : null;
    if (s.row) both("h of the chain", entropy.rate(s.row));
    both("Markov rate, measured", entropy.markovRate(s.items));
    both("S, measured", entropy.realEntropy(s.items));
    both("ApEn(1, 0), measured", s.items.length > 1 ? entropy.approximateEntropy(s.items, 1, 0) : NaN);
    return { code, rows };
  }

  function codingTable(s) {
    const { code, rows } = coding(s), limit = 1.5 * Math.max(1, Math.log2(new Set(s.items).size), code || 0);
    const line = (name, value, key) => {
      const bar = element("span", { className: `share hue-${name.startsWith("1 /") ? "mlp" : "fm"}` });
      bar.style.width = `${Math.min(100, (100 * value) / limit) || 0}%`;
      const above = code === null || key === "code" ? "" : value <= code + 1e-12 ? "below" : "above";
      return element("tr", {}, element("th", { scope: "row", textContent: name }), element("td", { textContent: shown(value), "data-bits": key }),
        element("td", { className: "bar" }, bar), element("td", { textContent: above }));
    };
    const head = ["bits per token", "value", "", code === null ? "" : "the shortest code"];
    const body = rows.map(([name, value], k) => line(name, value, k));
    if (code !== null) body.unshift(line("shortest code of the chain", code, "code"));
    return element("table", { className: "explorer-table" }, element("thead", {}, element("tr", {}, ...head.map((name) =>
      element(name ? "th" : "td", { textContent: name })))), element("tbody", {}, ...body));
  }

  const shown = (value) => (Number.isNaN(value) ? "none" : value === Infinity ? "∞" : fixed(value));

  function build(place, { examples }) {
    const state = { tokens: [], items: [], m: 2, r: 0, row: null }, fields = {}, chips = [];
    let measure = "apen", active = 0, random = entropy.generator(1), found = null;
    const message = messenger(), explain = element("p", { className: "entropy-explain", "aria-live": "polite" });
    const list = element("ul", { className: "entropy-chips", role: "listbox", "aria-label": "sequence: arrows move, a key replaces, Shift+arrow swaps, Delete removes" });
    const table = element("tbody"), code = element("div", { className: "entropy-coding" });
    const typed = element("textarea", { rows: 2, spellcheck: false, "aria-label": "sequence: letters, or items with spaces between" });
    for (const [name, [label, min, max, step, value]] of Object.entries(FIELDS)) {
      fields[name] = element("input", { type: "number", min, max, step, value, "data-field": name, "aria-label": label, inputMode: "decimal" });
    }
    const values = () => Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, field.value === "" ? NaN : Number(field.value)]));

    function light() {
      const places = MEASURES[measure].light(state, found, active);
      chips.forEach((chip, i) => {
        for (const name of ["own", "match", "longer"]) chip.classList.toggle(name, places[name].includes(i));
        chip.setAttribute("aria-selected", i === active);
        chip.tabIndex = i === active ? 0 : -1;
      });
      explain.textContent = `${active + 1}. ${MEASURES[measure].explain(state, found, active)}`;
    }

    function count() {
      found = MEASURES[measure].prepare(state);
      chips.forEach((chip, i) => { chip.lastChild.textContent = MEASURES[measure].count(found, i, state); });
      light();
    }

    function drawRows() {
      table.replaceChildren(...Object.entries(MEASURES).map(([key, one]) => {
        const value = one.value(state), n = state.items.length;
        const button = element("button", { type: "button", textContent: one.name(state), "aria-pressed": key === measure, "data-measure": key });
        button.addEventListener("click", () => { choose(key); });
        const credit = value > 0 && value < Infinity ? grouped(Number((n / value).toPrecision(6))) : "none";
        return element("tr", {}, element("th", { scope: "row" }, button), element("td", { textContent: shown(value), "data-value": value }),
          element("td", { className: "made", textContent: one.made(state) }), element("td", { textContent: credit, "data-credit": key }));
      }));
    }

    function choose(key) {
      measure = key;
      for (const button of table.querySelectorAll("button")) button.setAttribute("aria-pressed", button.dataset.measure === key);
      count();
    }

    /* Take a sequence over, unless something is wrong. `row`: probabilities of the chain it was drawn from. */
    function take(tokens, row, keepText) {
      const now = values(), wrong = fault(now, tokens.length);
      message.say(wrong);
      for (const [name, field] of Object.entries(fields)) field.setAttribute("aria-invalid", wrong.startsWith(`${name} is`));
      typed.setAttribute("aria-invalid", wrong.startsWith("The sequence"));
      place.classList.toggle("stale", Boolean(wrong && keepText));
      if (wrong) return;
      const focused = list.contains(document.activeElement);
      Object.assign(state, { tokens, items: numbered(tokens), row, m: now.m, r: now.r });
      if (!keepText) typed.value = tokens.join(" ");
      active = Math.min(active, tokens.length - 1);
      chips.splice(0, chips.length, ...tokens.map((token, i) => element("li", { role: "option", "data-place": i }, element("b", { textContent: token }), element("small"))));
      list.replaceChildren(...chips);
      drawRows();
      code.replaceChildren(codingTable(state));
      count();
      if (focused) chips[active].focus();
    }

    const drawn = (make) => () => { const now = values(); if (!fault(now, MOST)) make(now); else take(state.tokens, state.row); };
    const actions = {
      "shuffle": () => take(entropy.shuffled(state.tokens, random)),
      "sort": () => take([...state.tokens].sort((a, b) => a.localeCompare(b, "en", { numeric: true }))),
      "repeat": () => take([...state.tokens, ...state.tokens]),
      "copy neighbours": () => take(entropy.duplicated(state.tokens, 0.2, random)),
      "rename": () => {
        const names = [...new Set(state.tokens)], others = entropy.shuffled(names, random);
        take(state.tokens.map((token) => others[names.indexOf(token)]));
      },
      "random": drawn(({ K, n }) => take(named(entropy.uniform(K, n, random), K))),
      "Markov chain": drawn(({ K, n, noise }) => take(named(entropy.noisyCycle(K, n, noise, random), K), entropy.cycleRow(K, noise))),
    };
    const group = (label, entries) => element("div", { className: "explorer-buttons", role: "group", "aria-label": label }, ...Object.entries(entries).map(([name, run]) => {
      const button = element("button", { type: "button", textContent: name });
      button.addEventListener("click", run);
      return button;
    }));

    list.addEventListener("pointerover", (event) => move(event.target.closest("li"), false));
    list.addEventListener("focusin", (event) => move(event.target.closest("li"), false));
    list.addEventListener("click", (event) => move(event.target.closest("li"), true));
    function move(chip, focus) {
      if (!chip) return;
      active = Number(chip.dataset.place);
      light();
      if (focus) chip.focus();
    }
    list.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key], tokens = [...state.tokens], last = tokens.length - 1;
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (step || event.key === "Home" || event.key === "End") {
        const to = step ? Math.min(last, Math.max(0, active + step)) : event.key === "Home" ? 0 : last;
        if (step && event.shiftKey && to !== active) {
          [tokens[active], tokens[to]] = [tokens[to], tokens[active]];
          active = to;
          take(tokens);
        } else move(chips[to], true);
      } else if (event.key === "Delete" || event.key === "Backspace") take(tokens.toSpliced(active, 1));
      else if (/^[\p{L}\p{N}]$/u.test(event.key)) take(tokens.with(active, event.key));
      else return;
      event.preventDefault();
    });
    const form = element("div", { className: "explorer-fields" }, ...Object.entries(FIELDS).map(([name, [label]]) => labelled(label, fields[name])));
    form.addEventListener("input", () => take(state.tokens, state.row, true));
    typed.addEventListener("input", () => take(parsed(typed.value), null, true));

    const heads = ["measure", "nats", "made of", "D′ = tokens / measure"].map((name) => element("th", { scope: "col", textContent: name }));
    const sequences = Object.fromEntries(examples.map(({ name, tokens }) => [name, () => take(tokens)]));
    place.append(group("examples", sequences), group("change the sequence", actions), form,
      element("div", { className: "explorer-fields wide" }, labelled("sequence: letters, or items with spaces between", typed)), message.place, list, explain,
      element("table", { className: "explorer-table entropy-measures" }, element("thead", {}, element("tr", {}, ...heads)), table), code);
    take(examples[0].tokens);
  }

  explorers("entropy", build);
});
