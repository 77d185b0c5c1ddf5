/* A figure's controls for every hand: Plotly's menus and sliders, which only a mouse reaches, as HTML; its legend by
   keyboard; and a description made from what the figure shows. figures.js calls `take` before it draws, `attach` after. */
(function () {
  "use strict";

  const MENU = 52, SLIDER = 84, NAMED = 8;
  const METHODS = {
    update: (plot, [traces, layout]) => Plotly.update(plot, traces || {}, layout || {}),
    restyle: (plot, [changes, which]) => Plotly.restyle(plot, changes, which),
    relayout: (plot, [changes]) => Plotly.relayout(plot, changes),
    animate: (plot, args) => Plotly.animate(plot, ...args),
    skip: () => Promise.resolve(),
  };

  function element(name, properties, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(properties)) {
      if (/^(aria-|role$)/.test(key)) made.setAttribute(key, value);
      else made[key] = value;
    }
    made.append(...children);
    return made;
  }

  const plain = (html) => new DOMParser().parseFromString((html || "").replace(/<br>/g, " "), "text/html").body.textContent.trim();

  /* ---- menus and sliders ---- */

  function run(plot, step) {
    if (plot.dataset.drawn === "yes") METHODS[step.method || "restyle"](plot, step.args || []).then(() => describe(plot));
  }

  function buttons(plot, menu, name) {
    const group = element("div", { className: "figure-buttons", role: "group", "aria-label": name });
    menu.buttons.forEach((step, at) => {
      const button = element("button", { type: "button", textContent: plain(step.label), "aria-pressed": at === (menu.active || 0) });
      button.addEventListener("click", () => {
        [...group.children].forEach((one) => one.setAttribute("aria-pressed", one === button));
        run(plot, step);
      });
      group.append(button);
    });
    return group;
  }

  function list(plot, menu, name) {
    const select = element("select", { "aria-label": name }, ...menu.buttons.map((step, at) => new Option(plain(step.label), at)));
    select.selectedIndex = menu.active || 0;
    select.addEventListener("change", () => run(plot, menu.buttons[select.selectedIndex]));
    return select;
  }

  function slider(plot, { steps, active, currentvalue }, name) {
    const prefix = (currentvalue && currentvalue.prefix) || "", shown = element("output", {});
    const range = element("input", { type: "range", min: 0, max: steps.length - 1, step: 1, value: active || 0, "aria-label": prefix.replace(/:\s*$/, "") || name });
    const tell = () => {
      shown.textContent = prefix + plain(steps[range.value].label);
      range.setAttribute("aria-valuetext", plain(steps[range.value].label));
    };
    range.addEventListener("input", () => { tell(); run(plot, steps[range.value]); });
    tell();
    return element("label", { className: "figure-slider" }, range, shown);
  }

  /* Take menus and sliders out of a layout and put HTML in their place; the room they had goes too. */
  function take(figure, plot, layout) {
    const name = plain(layout.title && layout.title.text) || figure.dataset.figure, menus = layout.updatemenus || [], sliders = layout.sliders || [];
    const shrink = (side, by) => {
      const margin = layout.margin || {}, less = Math.min(by, Math.max(0, (margin[side] || 0) - 12));
      layout.margin = Object.assign({}, margin, { [side]: (margin[side] || 0) - less });
      layout.height = (layout.height || plot.clientHeight) - less;
      plot.style.height = `${layout.height}px`;
    };
    if (menus.length) {
      const bar = element("div", { className: "figure-controls" }, ...menus.map((menu) => (menu.type === "buttons" ? buttons : list)(plot, menu, name)));
      plot.before(bar);
      shrink("t", MENU);
    }
    if (sliders.length) {
      plot.after(element("div", { className: "figure-controls" }, ...sliders.map((one) => slider(plot, one, name))));
      shrink("b", SLIDER);
    }
    delete layout.updatemenus;
    delete layout.sliders;
  }

  /* ---- the legend ---- */

  const hidden = (toggle) => Number(toggle.parentNode.style.opacity || 1) < 1;

  /* One tab stop for a legend; arrows move inside it, Enter and Space show or hide. Plotly redraws it at every change. */
  function reachLegend(plot) {
    const toggles = [...plot.querySelectorAll(".legend .legendtoggle")];
    const current = Math.max(0, Math.min(Number(plot.dataset.legend || 0), toggles.length - 1));
    const legend = toggles.length && toggles[0].closest(".legend");
    if (legend) {
      legend.setAttribute("role", "group");
      legend.setAttribute("aria-label", "series");
    }
    toggles.forEach((toggle, at) => {
      const label = toggle.parentNode.querySelector(".legendtext");
      toggle.setAttribute("role", "checkbox");
      toggle.setAttribute("aria-label", label ? label.textContent : `${at + 1}`);
      toggle.setAttribute("aria-checked", !hidden(toggle));
      toggle.setAttribute("tabindex", at === current ? 0 : -1);
    });
    if (plot.dataset.legendFocus && toggles[current] && document.activeElement !== toggles[current]) toggles[current].focus();
  }

  function legendKeys(plot) {
    plot.addEventListener("keydown", (event) => {
      if (!event.target.classList.contains("legendtoggle")) return;
      const toggles = [...plot.querySelectorAll(".legend .legendtoggle")], at = toggles.indexOf(event.target);
      const step = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
      if (step) {
        plot.dataset.legend = (at + step + toggles.length) % toggles.length;
        toggles.forEach((toggle, k) => toggle.setAttribute("tabindex", k === Number(plot.dataset.legend) ? 0 : -1));
        toggles[plot.dataset.legend].focus();
      } else if (event.key === "Enter" || event.key === " ") {
        plot.dataset.legend = at;
        plot.dataset.legendFocus = "yes";
        for (const kind of ["mousedown", "mouseup"]) event.target.dispatchEvent(new MouseEvent(kind, { bubbles: true, view: window }));
      } else return;
      event.preventDefault();
    });
    // A redraw takes the focus away without a place for it to go to; leaving on purpose has one.
    plot.addEventListener("focusout", (event) => { if (event.relatedTarget) delete plot.dataset.legendFocus; });
    plot.addEventListener("pointerdown", () => { delete plot.dataset.legendFocus; });
  }

  /* ---- the description ---- */

  const number = (value) => (Math.abs(value) >= 1e5 || (value && Math.abs(value) < 1e-3) ? value.toExponential(2) : `${Number(value.toPrecision(4))}`);

  function extent(values) {
    const flat = Array.from(values || []).flatMap((one) => (ArrayBuffer.isView(one) || Array.isArray(one) ? Array.from(one) : [one]));
    const numbers = flat.filter((value) => value !== null && value !== "" && Number.isFinite(Number(value))).map(Number);
    if (!numbers.length) return null;
    return [numbers.reduce((a, b) => Math.min(a, b)), numbers.reduce((a, b) => Math.max(a, b)), numbers.length];
  }

  function axis(layout, name) {
    const found = layout[name], scene = layout.scene && layout.scene[name], one = found || scene;
    if (!one || !one.range || (found && found.visible === false)) return "";
    const title = plain(one.title && one.title.text) || name[0];
    if (one.type === "category") return `${title}: ${(one._categories || []).slice(0, NAMED).map(plain).join(", ")}`;
    const [low, high] = one.range.map((end) => number(one.type === "log" ? 10 ** end : Number(end))).sort((a, b) => a - b);
    return `${title}: ${low} to ${high}${one.type === "log" ? " (log)" : ""}`;
  }

  function series(trace) {
    const parts = ["x", "y", "z"].map((key) => [key, extent(trace[key])]).filter(([, found]) => found);
    const count = Math.max(0, ...parts.map(([, found]) => found[2]));
    return `${plain(trace.name)} (${count}${parts.map(([key, [low, high]]) => `; ${key} ${number(low)} to ${number(high)}`).join("")})`;
  }

  /* Title; axes with their ranges; series that are shown, with how many values and from where to where. */
  function text(plot) {
    const layout = plot._fullLayout, seen = plot._fullData.filter((trace) => trace.visible === true && trace.name && !/^trace \d+$/.test(trace.name));
    const axes = ["xaxis", "yaxis", "xaxis2", "yaxis2", "zaxis"].map((name) => axis(layout, name)).filter(Boolean);
    const more = seen.length > NAMED ? [`+ ${seen.length - NAMED}`] : [];
    const title = plain(layout.title && layout.title.text).replace(/[.?!]$/, "");
    return [title, ...axes, ...seen.slice(0, NAMED).map(series), ...more].filter(Boolean).join(". ");
  }

  function describe(plot) {
    const drawing = plot.querySelector("svg.main-svg");
    if (!drawing) return;
    drawing.setAttribute("role", "img");
    drawing.setAttribute("aria-label", text(plot) || plot.closest("figure").dataset.figure);
  }

  function attach(plot) {
    plot.setAttribute("role", "group");
    describe(plot);
    reachLegend(plot);
    legendKeys(plot);
    plot.on("plotly_afterplot", () => { describe(plot); reachLegend(plot); });
  }

  window.recscale = window.recscale || {};
  window.recscale.figureControls = { take, attach };
})();
