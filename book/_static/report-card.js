/* The report card: choose rows by verdict and by paper, sort by a column. Without this script it is a plain table. */
(function () {
  "use strict";

  function choice(table, attribute, label) {
    const select = document.createElement("select");
    select.setAttribute("aria-label", label);
    const values = [...new Set([...table.tBodies[0].rows].map((row) => row.dataset[attribute]))];
    for (const value of ["", ...values]) select.add(new Option(value || label, value));
    return select;
  }

  function filtered(table) {
    const bar = document.createElement("div");
    const choices = { verdict: choice(table, "verdict", "every verdict"), paper: choice(table, "paper", "both papers") };
    const count = document.createElement("span");
    const apply = () => {
      const rows = [...table.tBodies[0].rows];
      for (const row of rows) {
        row.hidden = Object.entries(choices).some(([key, select]) => select.value && row.dataset[key] !== select.value);
      }
      count.textContent = `${rows.filter((row) => !row.hidden).length} of ${rows.length} claims`;
    };
    bar.className = "report-card-bar";
    bar.append(choices.verdict, choices.paper, count);
    bar.addEventListener("change", apply);
    apply();
    return bar;
  }

  function sortable(table) {
    const headers = [...table.tHead.rows[0].cells];
    headers.forEach((header, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = header.textContent;
      header.replaceChildren(button);
      button.addEventListener("click", () => {
        const down = header.getAttribute("aria-sort") === "ascending";
        headers.forEach((other) => other.removeAttribute("aria-sort"));
        header.setAttribute("aria-sort", down ? "descending" : "ascending");
        const text = (row) => row.cells[column].textContent.trim();
        const rows = [...table.tBodies[0].rows].sort((a, b) => text(a).localeCompare(text(b), "en", { numeric: true }));
        table.tBodies[0].append(...(down ? rows.reverse() : rows));
      });
    });
  }

  document.addEventListener("DOMContentLoaded", () => {
    for (const table of document.querySelectorAll("table.report-card")) {
      table.before(filtered(table));
      sortable(table);
    }
  });
})();
