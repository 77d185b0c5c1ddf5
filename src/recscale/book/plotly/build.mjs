// Bundles traces.js into plotly-book.min.js.gz, and the licences of everything inside into LICENSES.txt.
import { build } from "esbuild";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

// As plotly.js does for its own bundles: the attributes' descriptions are for its manual, not for drawing.
function withoutDescriptions(code) {
  let kept = "", from = 0;
  for (const { index } of code.matchAll(/(?<=[{,])description:(?![\w$]+[=,}])/g)) {
    if (index < from) continue;
    const end = endOfValue(code, index + "description:".length);
    kept += code.slice(from, index);
    from = code[end] === "," ? end + 1 : end;
  }
  return (kept + code.slice(from));
}

// The place of the comma or the brace behind an expression.
function endOfValue(code, at) {
  for (let depth = 0, quote = ""; ; at += 1) {
    const sign = code[at];
    if (sign === "\\") at += 1;
    else if (quote) quote = sign === quote ? "" : quote;
    else if ("\"'`".includes(sign)) quote = sign;
    else if ("([{".includes(sign)) depth += 1;
    else if (depth === 0 && ",}".includes(sign)) return at;
    else if (")]}".includes(sign)) depth -= 1;
  }
}

const result = await build({
  entryPoints: ["traces.js"], outfile: "bundle.js", write: false, metafile: true, bundle: true, minify: true,
  format: "iife", globalName: "Plotly", target: "es2022", define: { global: "window" }, legalComments: "none",
  loader: { ".css": "empty" }, // maplibre's, for maps
});

const { version } = JSON.parse(readFileSync("node_modules/plotly.js/package.json", "utf8"));
const header = `/* plotly.js v${version}, the traces of the book alone; MIT licence, see plotly-licences.txt */\n`;
const code = withoutDescriptions(result.outputFiles[0].text);
writeFileSync("plotly-book.min.js.gz", gzipSync(header + code, { level: 9 }));

const used = Object.entries(result.metafile.outputs["bundle.js"].inputs).filter(([, { bytesInOutput }]) => bytesInOutput);
const packages = new Set(used.map(([path]) => path.match(/^node_modules\/((?:@[^/]+\/)?[^/]+)/)?.[1]).filter(Boolean));
const texts = [...packages].sort().map((name) => {
  const folder = `node_modules/${name}`;
  const { version, license } = JSON.parse(readFileSync(`${folder}/package.json`, "utf8"));
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  const text = file && existsSync(`${folder}/${file}`) ? readFileSync(`${folder}/${file}`, "utf8").trim() : "";
  return `${name} ${version} (${license})\n\n${text}`.trim();
});
writeFileSync("LICENSES.txt", texts.join(`\n\n${"-".repeat(80)}\n\n`) + "\n");
console.log(`${(header + code).length} bytes, of ${packages.size} packages`);
