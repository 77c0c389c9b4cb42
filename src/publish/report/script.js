
"use strict";
(() => {
  const root = document.documentElement;
  root.classList.add("scripts");

  // The language: the reader's own until a button says otherwise.
  const buttons = [...document.querySelectorAll("button[data-show]")];
  const show = (language) => {
    root.dataset.show = language;
    root.lang = language === "zh" ? "zh-Hans" : "en";
    for (const button of buttons) {
      button.setAttribute("aria-pressed", String(button.dataset.show === language));
    }
  };
  for (const button of buttons) {
    button.addEventListener("click", () => show(button.dataset.show));
  }
  show(navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en");

  const rowsOf = (table) => [...table.tBodies[0].rows];

  // Sorting: a heading becomes a button. Figures are compared as figures, all else as text.
  const keyOf = (row, column, isNumber) => {
    const cell = row.cells[column];
    if (!isNumber) return cell.textContent.trim();
    return cell.dataset.key === "" ? -Infinity : Number(cell.dataset.key);
  };
  // Figures of two currencies have no order: each currency keeps to itself, what has none is last.
  const apart = (one, other, column) => {
    const [first, second] = [one, other].map((row) => row.cells[column].dataset.unit ?? "");
    return first === second ? 0 : !first ? 1 : !second ? -1 : first < second ? -1 : 1;
  };
  const compare = (one, other) =>
    typeof one === "number" ? one - other || 0 : one.localeCompare(other, "en", { numeric: true });
  for (const table of document.querySelectorAll("table.sortable")) {
    const headings = [...table.tHead.rows[0].cells];
    headings.forEach((heading, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...heading.childNodes);
      heading.append(button);
      button.addEventListener("click", () => {
        const isNumber = heading.dataset.sort === "number";
        const was = heading.getAttribute("aria-sort");
        const next = was === "descending" || (!was && !isNumber) ? "ascending" : "descending";
        for (const other of headings) other.removeAttribute("aria-sort");
        heading.setAttribute("aria-sort", next);
        const sign = next === "ascending" ? 1 : -1;
        const keyed = rowsOf(table).map((row) => [keyOf(row, column, isNumber), row]);
        keyed.sort((one, other) =>
          apart(one[1], other[1], column) || sign * compare(one[0], other[0]));
        table.tBodies[0].append(...keyed.map(([, row]) => row));
      });
    });
  }

  // Searching: every word has to stand somewhere in the row.
  for (const input of document.querySelectorAll("input[data-for]")) {
    const table = document.getElementById(input.dataset.for);
    const count = document.querySelector(`[data-count="${input.dataset.for}"]`);
    const search = () => {
      const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      const rows = rowsOf(table);
      for (const row of rows) {
        const text = row.textContent.toLowerCase();
        row.hidden = !words.every((word) => text.includes(word));
        shown += row.hidden ? 0 : 1;
      }
      count.textContent = `${shown} / ${rows.length}`;
    };
    input.addEventListener("input", search);
    search();
  }

  // Paper has no arrow to open a detail.
  const details = [...document.querySelectorAll("details")];
  let wasOpen = [];
  addEventListener("beforeprint", () => {
    wasOpen = details.map((one) => one.open);
    for (const one of details) one.open = true;
  });
  addEventListener("afterprint", () => details.forEach((one, at) => { one.open = wasOpen[at]; }));
})();
