/* Draws the figures of a page from the JSON beside them, in the colours of the reader's theme: the first
   at once, the others shortly before they come into view, all of them before printing. A page that needs them all now
   gets them on the document's event "recscale:draw-all". */
(function () {
  "use strict";

  const AHEAD = 600; // pixels above and below the screen where figures are drawn already
  const PAPER = 660; // the width of a figure on paper

  const THEMES = {
    light: { text: "#2f3743", muted: "#5a6270", grid: "#e3e7ec", panel: "#ffffff", border: "#c9d0d9" },
    dark: { text: "#e2e6ec", muted: "#aab3c0", grid: "#39414d", panel: "#1d232b", border: "#4a5461" },
  };

  const dark = () => {
    const { theme } = document.documentElement.dataset; // "auto" until the theme's script has run
    return theme === "dark" || (theme === "auto" && window.matchMedia("(prefers-color-scheme: dark)").matches);
  };

  /* The layout keys that follow the theme, for the axes, scenes, menus and sliders this figure has. */
  function themed(layout) {
    const t = THEMES[dark() ? "dark" : "light"];
    const keys = {
      "paper_bgcolor": "rgba(0,0,0,0)", "plot_bgcolor": "rgba(0,0,0,0)", "font.color": t.text,
      "hoverlabel.bgcolor": t.panel, "hoverlabel.bordercolor": t.border, "hoverlabel.font.color": t.text,
      "legend.bgcolor": "rgba(0,0,0,0)", "modebar.bgcolor": "rgba(0,0,0,0)", "modebar.color": t.border, "modebar.activecolor": t.muted,
    };
    const names = new Set(Object.keys(layout).concat(["xaxis", "yaxis"]));
    for (const name of names) {
      if (/^[xy]axis\d*$/.test(name)) {
        keys[name + ".gridcolor"] = t.grid;
        keys[name + ".linecolor"] = t.border;
        keys[name + ".zerolinecolor"] = t.border;
        keys[name + ".tickfont.color"] = t.muted;
      } else if (/^scene\d*$/.test(name)) {
        for (const axis of ["xaxis", "yaxis", "zaxis"]) {
          keys[`${name}.${axis}.gridcolor`] = t.grid;
          keys[`${name}.${axis}.zerolinecolor`] = t.border;
          keys[`${name}.${axis}.showbackground`] = false;
          keys[`${name}.${axis}.color`] = t.muted;
        }
      } else if (name === "updatemenus" || name === "sliders") {
        (layout[name] || []).forEach((_, index) => {
          keys[`${name}[${index}].font.color`] = t.text;
          keys[`${name}[${index}].bordercolor`] = t.border;
          keys[`${name}[${index}].bgcolor`] = t.panel;
        });
      }
    }
    return keys;
  }

  /* Set the keys of `themed` in a layout that isn't drawn yet. */
  function assign(layout, keys) {
    for (const [path, value] of Object.entries(keys)) {
      const steps = path.split(/[.[\]]+/), last = steps.pop();
      let place = layout;
      for (const step of steps) place = place[step] = place[step] || {};
      place[last] = value;
    }
  }

  /* On a phone: smaller type, long titles on two lines, and a finger that scrolls the page instead of zooming. */
  function narrow(content) {
    const { config, layout } = content;
    config.displayModeBar = false;
    if (layout.dragmode === undefined) layout.dragmode = false;
    layout.font = Object.assign({}, layout.font, { size: 11 });
    layout.legend = Object.assign({}, layout.legend, { font: { size: 11 }, entrywidth: 0, itemwidth: 30 });
    for (const name of Object.keys(layout)) {
      const title = name === "title" || /^[xy]axis\d*$/.test(name) ? (name === "title" ? layout.title : layout[name].title) : null;
      if (!title || !title.text) continue;
      title.font = Object.assign({}, title.font, { size: name === "title" ? 13 : 11 });
      title.text = wrapped(title.text, name === "title" ? 44 : 38);
    }
  }

  /* Break a title once, at the space nearest to its middle. */
  function wrapped(text, longest) {
    if (text.length <= longest || text.includes("<")) return text;
    const spaces = [...text.matchAll(/ /g)].map((match) => match.index);
    if (!spaces.length) return text;
    const middle = spaces.reduce((a, b) => (Math.abs(b - text.length / 2) < Math.abs(a - text.length / 2) ? b : a));
    return text.slice(0, middle) + "<br>" + text.slice(middle + 1);
  }

  function draw(plot) {
    if (plot.dataset.drawn || plot.clientWidth === 0) return;
    const figure = plot.closest("figure");
    const content = JSON.parse(figure.querySelector('script[type="application/json"]').textContent);
    const controls = window.recscale && window.recscale.figureControls;
    plot.dataset.drawn = "started";
    if (controls) controls.take(figure, plot, content.layout);
    if (plot.clientWidth < 500) narrow(content);
    assign(content.layout, themed(content.layout));
    Plotly.newPlot(plot, { data: content.data, layout: content.layout, frames: content.frames, config: content.config })
      .then(() => {
        if (controls) controls.attach(plot);
        plot.dataset.drawn = "yes";
        plot.dataset.width = plot.clientWidth;
        if (!performance.getEntriesByName("first-figure").length) performance.mark("first-figure");
      });
  }

  const plots = () => [...document.querySelectorAll("figure.recscale-figure > .recscale-plot")];
  const drawn = () => plots().filter((plot) => plot.dataset.drawn && plot.layout);

  /* A figure keeps its size while its box does: the box of one in a folded part has none. */
  function fit(plot) {
    if (plot.dataset.drawn !== "yes" || !plot.clientWidth || plot.dataset.width === String(plot.clientWidth)) return;
    plot.dataset.width = plot.clientWidth;
    Plotly.Plots.resize(plot);
  }

  /* Paper is white and has one width. */
  function beforePrint() {
    const root = document.documentElement;
    root.dataset.screenTheme = root.dataset.theme;
    root.dataset.theme = "light";
    plots().forEach(draw);
    drawn().forEach((plot) => Plotly.relayout(plot, { ...themed(plot.layout), width: PAPER }));
  }

  function afterPrint() {
    const root = document.documentElement;
    root.dataset.theme = root.dataset.screenTheme;
    drawn().forEach((plot) => Plotly.relayout(plot, { ...themed(plot.layout), width: null, autosize: true }));
  }

  function start() {
    const coming = new IntersectionObserver(
      (entries) => entries.filter((entry) => entry.isIntersecting).forEach((entry) => draw(entry.target)),
      { rootMargin: `${AHEAD}px 0px` }
    );
    const sizes = new ResizeObserver((entries) => entries.forEach((entry) => fit(entry.target)));
    plots().slice(0, 1).forEach(draw);
    plots().forEach((plot) => { coming.observe(plot); sizes.observe(plot); });
    let shown = dark();
    new MutationObserver(() => {
      if (shown === dark()) return;
      shown = dark();
      drawn().forEach((plot) => Plotly.relayout(plot, themed(plot.layout)));
    }).observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
    document.addEventListener("recscale:draw-all", () => plots().forEach(draw));
    window.addEventListener("beforeprint", beforePrint);
    window.addEventListener("afterprint", afterPrint);
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
