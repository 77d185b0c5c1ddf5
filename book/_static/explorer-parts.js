/* What the explorers share: making elements, reading their data, formatting numbers. */
(function () {
  "use strict";

  const SVG = "http://www.w3.org/2000/svg";
  const UNITS = [[1e15, "P"], [1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "k"]];

  function element(name, properties, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(properties || {})) {
      if (/^(aria-|data-|role$)/.test(key)) made.setAttribute(key, value);
      else made[key] = value;
    }
    made.append(...children);
    return made;
  }

  function svg(name, attributes, ...children) {
    const made = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes || {})) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }

  const grouped = (number) => number.toLocaleString("en");

  /* Three significant digits with a unit prefix: 1.25 M. */
  function short(number) {
    const [size, unit] = UNITS.find(([limit]) => Math.abs(number) >= limit) || [1, ""];
    return `${Number((number / size).toPrecision(3))}${unit && " " + unit}`;
  }

  const labelled = (text, control) => element("label", {}, element("span", { textContent: text }), control);

  /* One clear sentence, spoken when it changes; "" takes it away. */
  function messenger() {
    const place = element("p", { className: "explorer-message", "aria-live": "polite" });
    return { place, say: (sentence) => { if (place.textContent !== sentence) place.textContent = sentence; } };
  }

  /* Build every explorer of one kind from the JSON it carries. What stood there for readers without scripts goes. */
  function explorers(kind, build) {
    const start = () => document.querySelectorAll(`[data-explorer="${kind}"]`).forEach((place) => {
      const content = JSON.parse(place.querySelector('script[type="application/json"]').textContent);
      place.replaceChildren();
      build(place, content);
      place.dataset.built = "yes";
    });
    if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
    else start();
  }

  window.recscale = window.recscale || {};
  window.recscale.parts = { element, svg, grouped, short, labelled, messenger, explorers };
})();
