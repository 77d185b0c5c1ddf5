/* Draws every figure of a page from the JSON beside it, in the colours of the reader's theme.
   A figure is drawn when it first has a width (one in a closed solution has none) and resized whenever that changes. */
(function () {
  "use strict";

  const THEMES = {
    light: { text: "#2f3743", muted: "#5a6270", grid: "#e3e7ec", panel: "#ffffff", border: "#c9d0d9" },
    dark: { text: "#e2e6ec", muted: "#aab3c0", grid: "#39414d", panel: "#1d232b", border: "#4a5461" },
  };

  const theme = () => THEMES[document.documentElement.dataset.theme === "dark" ? "dark" : "light"];

  /* The layout keys that follow the theme, for the axes, scenes, menus and sliders this figure has. */
  function themed(layout) {
    const t = theme();
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

  function draw(figure) {
    const plot = figure.querySelector(".recscale-plot");
    const content = JSON.parse(figure.querySelector('script[type="application/json"]').textContent);
    const controls = window.recscale && window.recscale.figureControls;
    plot.dataset.drawn = "started";
    if (controls) controls.take(figure, plot, content.layout);
    if (plot.clientWidth < 500) narrow(content);
    Plotly.newPlot(plot, { data: content.data, layout: content.layout, frames: content.frames, config: content.config })
      .then(() => Plotly.relayout(plot, themed(plot.layout)))
      .then(() => {
        if (controls) controls.attach(plot);
        plot.dataset.drawn = "yes";
      });
  }

  function start() {
    const figures = document.querySelectorAll("figure.recscale-figure");
    const observer = new ResizeObserver((entries) => {
      for (const { target } of entries) {
        if (target.clientWidth === 0) continue;
        if (!target.dataset.drawn) draw(target.closest("figure"));
        else if (target.dataset.drawn === "yes") Plotly.Plots.resize(target);
      }
    });
    figures.forEach((figure) => observer.observe(figure.querySelector(".recscale-plot")));
    new MutationObserver(() => {
      document.querySelectorAll('.recscale-plot[data-drawn="yes"]').forEach((plot) => Plotly.relayout(plot, themed(plot.layout)));
    }).observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
