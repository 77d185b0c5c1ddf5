/* Nothing on a page scrolls sideways: a table that is too wide for its column gets smaller type, then becomes a list of
   cards; a formula shrinks. Without this script both scroll by themselves. */
(function () {
  "use strict";

  const SMALLEST = 0.5; // of a formula's size
  const LEVELS = ["", "compact", "stacked"];

  /* A name for each column: the texts of the head above it. */
  function columns(table) {
    const names = [];
    for (const row of table.tHead ? table.tHead.rows : []) {
      let at = 0;
      for (const cell of row.cells) {
        const text = cell.textContent.trim();
        for (let k = 0; k < cell.colSpan; k += 1, at += 1) {
          names[at] = names[at] || [];
          if (text && !names[at].includes(text)) names[at].push(text);
        }
      }
    }
    return names.map((texts) => texts.join(", "));
  }

  /* Every cell carries its column's name and its role, which a table shown as blocks would lose. A row whose first
     cells reach over several rows lacks them, so columns count from the right. */
  function label(table) {
    if (table.dataset.labelled) return;
    table.dataset.labelled = "yes";
    const names = columns(table);
    table.setAttribute("role", "table");
    for (const row of table.rows) {
      row.setAttribute("role", "row");
      [...row.cells].forEach((cell, at) => {
        const inBody = cell.closest("thead") === null;
        cell.setAttribute("role", cell.tagName === "TD" ? "cell" : inBody ? "rowheader" : "columnheader");
        if (inBody) cell.dataset.label = cell.dataset.label || names[names.length - row.cells.length + at] || "";
      });
    }
  }

  function fitTable(table) {
    const room = table.parentElement.clientWidth;
    if (!room) return;
    for (const level of LEVELS) {
      if (level === "stacked") label(table);
      table.dataset.fit = level;
      if (table.scrollWidth <= room && table.offsetWidth <= room) return;
    }
  }

  function fitFormula(formula) {
    formula.style.fontSize = "";
    const drawn = formula.querySelector("mjx-container");
    if (!drawn || !drawn.clientWidth || drawn.scrollWidth <= drawn.clientWidth) return;
    const ratio = Math.floor((97 * drawn.clientWidth) / drawn.scrollWidth) / 100;
    formula.style.fontSize = `${Math.max(SMALLEST, ratio)}em`;
  }

  /* The theme's buttons that unfold a part of the contents have no name of their own. */
  function nameToggles() {
    document.querySelectorAll("li > details > summary:has(.toctree-toggle)").forEach((summary) => {
      const link = summary.closest("li").querySelector("a");
      if (link) summary.setAttribute("aria-label", `Pages below ${link.textContent.trim()}`);
    });
  }

  function start() {
    nameToggles();
    const article = document.querySelector(".bd-article");
    if (!article) return;
    let waiting = false;
    const fit = () => {
      waiting = false;
      article.querySelectorAll("table").forEach(fitTable);
      article.querySelectorAll("div.math").forEach(fitFormula);
    };
    // The article's size follows the window, a part that is unfolded, and formulas that are set.
    new ResizeObserver(() => {
      if (!waiting) requestAnimationFrame(fit);
      waiting = true;
    }).observe(article);
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
