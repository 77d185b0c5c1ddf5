/* The report card: filter claims by verdict and evidence, open the question a link points into. Without this script it
   is a list of questions that open by themselves. */
(function () {
  "use strict";

  const FILTERS = { verdict: "every verdict", evidence: "all evidence" };

  function choice(card, attribute, label) {
    const select = document.createElement("select");
    select.setAttribute("aria-label", `show ${label}`);
    const values = [...new Set([...card.querySelectorAll(`tr[data-${attribute}]`)].map((row) => row.dataset[attribute]))];
    for (const value of ["", ...values]) select.add(new Option(value || label, value));
    return select;
  }

  function bar(card) {
    const element = document.createElement("div");
    const count = document.createElement("span");
    const choices = Object.fromEntries(Object.entries(FILTERS).map(([key, label]) => [key, choice(card, key, label)]));
    const apply = () => {
      const filtering = Object.values(choices).some((select) => select.value);
      const rows = [...card.querySelectorAll("tbody tr")];
      for (const row of rows) {
        row.hidden = Object.entries(choices).some(([key, select]) => select.value && row.dataset[key] !== select.value);
      }
      for (const question of card.querySelectorAll("details.card-row")) {
        const shown = [...question.querySelectorAll("tbody tr")].filter((row) => !row.hidden).length;
        question.hidden = filtering && !shown;
        question.open = filtering && shown > 0;
      }
      count.textContent = `${rows.filter((row) => !row.hidden).length} of ${rows.length} claims`;
    };
    element.className = "report-card-bar";
    count.setAttribute("role", "status");
    element.append(...Object.values(choices), count);
    element.addEventListener("change", apply);
    apply();
    return element;
  }

  function openTarget() {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const question = target && target.closest("details.card-row");
    if (!question) return;
    question.open = true;
    target.scrollIntoView();
  }

  document.addEventListener("DOMContentLoaded", () => {
    for (const card of document.querySelectorAll(".report-card")) card.before(bar(card));
    openTarget();
    window.addEventListener("hashchange", openTarget);
  });
})();
