/* A pasted or dropped table as columns of numbers, and the command that fits the same points. Refuses what
   `recscale fit` refuses, in one sentence. Pure: no page, no state. */
(function (root) {
  "use strict";

  const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

  /* Records of cells. Between commas a cell may stand in double quotes (RFC 4180); between tabs a quote is a character. */
  function records(text, separator) {
    const done = [];
    let row = [], cell = "", quoted = false, line = 1, first = 1;
    const endRow = () => {
      row.push(cell);
      if (row.length > 1 || row[0].trim()) done.push({ cells: row, line: first });
      [row, cell] = [[], ""];
    };
    for (let i = 0; i < text.length; i++) {
      const sign = text[i];
      if (quoted) {
        if (sign === '"' && text[i + 1] === '"') { cell += '"'; i++; }
        else if (sign === '"') quoted = false;
        else cell += sign;
        if (sign === "\n") line++;
      } else if (sign === '"' && !cell && separator === ",") quoted = true;
      else if (sign === separator) { row.push(cell); cell = ""; }
      else if (sign === "\n") { endRow(); line++; first = line; }
      else cell += sign;
    }
    if (quoted) throw new Error(`line ${first} opens a quote that nothing closes`);
    endRow();
    return done;
  }

  /* `text` as {names, rows of cells as written, separator}. */
  function readTable(text) {
    const clean = text.replace(/^\uFEFF/, "").replace(/\r\n?/g, "\n"), head = clean.split("\n").find((line) => line.trim());
    if (!head) throw new Error("the table is empty; paste a line of column names and one line per measurement");
    const separator = head.includes("\t") ? "\t" : ",";
    if (!head.includes(separator) && head.includes(";")) {
      throw new Error("the cells stand between semicolons; allowed are commas or tabs between cells, and points in numbers (0.5)");
    }
    const [header, ...body] = records(clean, separator), names = header.cells.map((name) => name.trim());
    const twice = names.find((name, k) => names.indexOf(name) !== k);
    if (twice !== undefined) throw new Error(`the table has more than one column “${twice}”; each needs a name of its own`);
    if (names.every((name) => NUMBER.test(name))) throw new Error("the first line holds numbers; it must name the columns");
    const odd = body.find((one) => one.cells.length !== names.length);
    if (odd) throw new Error(`line ${odd.line} has ${odd.cells.length} cells, its header ${names.length} (${names.join(", ")})`);
    if (!body.length) throw new Error("the table has a header and no rows; it needs one line per measurement");
    return { names, separator, rows: body.map((one) => one.cells.map((cell) => cell.trim())) };
  }

  /* One column as numbers. */
  function numbers(table, name) {
    const k = table.names.indexOf(name);
    if (k < 0) throw new Error(`the table has no column “${name}”; it has ${table.names.join(", ")}`);
    const values = table.rows.map((row) => (NUMBER.test(row[k]) ? Number(row[k]) : NaN));
    const wrong = values.findIndex((value) => !Number.isFinite(value));
    if (wrong < 0) return values;
    const cell = table.rows[wrong][k], count = values.filter((value) => !Number.isFinite(value)).length;
    const hint = /^-?\d+,\d+$/.test(cell) ? "; write it with a point" : "";
    const more = count > 1 ? ` (${count} such rows)` : "";
    throw new Error(`the column “${name}” must hold a finite number in every row; row ${wrong + 1} has ${cell ? `“${cell}”` : "an empty cell"}${more}${hint}`);
  }

  /* The points of one fit. `choice`: {law, x: names, y, by, group}. */
  function pointsOf(table, { x, y, by, group }) {
    const named = [...x, y, ...(by ? [by] : [])], twice = named.find((name, k) => named.indexOf(name) !== k);
    if (twice) throw new Error(`x, y and group must be different columns; ${twice} is named more than once`);
    const place = by ? table.names.indexOf(by) : -1, columns = x.map((name) => numbers(table, name)), values = numbers(table, y);
    const rows = values.map((_, i) => i).filter((i) => !by || table.rows[i][place] === group);
    return { x: rows.map((i) => columns.map((column) => column[i])), y: rows.map((i) => values[i]) };
  }

  /* The group columns' values in the order of the table. */
  const groupsOf = (table, by) => [...new Set(table.rows.map((row) => row[table.names.indexOf(by)]))];

  const quoted = (word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replace(/'/g, "'\\''")}'`);

  /* The `recscale fit` line that gives the same numbers. */
  function commandLine(file, { law, x, y, by, holdOut, loss }) {
    const comma = x.length > 1 && x.find((name) => name.includes(","));
    if (comma) throw new Error(`the column “${comma}” has a comma in its name, which the command line takes for two columns; rename it`);
    const words = ["recscale", "fit", file, "--law", law, "--x", x.join(","), "--y", y];
    if (by) words.push("--by", by);
    if (holdOut) words.push("--hold-out-largest", String(holdOut));
    if (loss !== "squares") words.push("--loss", loss);
    return [...words, "--json", "fit.json"].map(quoted).join(" ");
  }

  root.recscale = Object.assign(root.recscale || {}, { readTable, numbers, pointsOf, groupsOf, commandLine });
})(typeof window === "undefined" ? globalThis : window);
