// The kinds of traces the book's figures use; "scatter" is part of the core.
const Plotly = require("plotly.js/lib/core");

Plotly.register([
  require("plotly.js/lib/bar"),
  require("plotly.js/lib/box"),
  require("plotly.js/lib/contour"),
  require("plotly.js/lib/heatmap"),
]);

module.exports = Plotly;
