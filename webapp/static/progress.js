// Live progress of a plan: server-sent events fill the figures in; at the end the page shows the result.
"use strict";
const section = document.getElementById("progress");
const number = new Intl.NumberFormat(document.documentElement.lang, { maximumFractionDigits: 0 });
const words = {
  stage: (value, cell) => value.replace(/[a-z]+$/, (key) => JSON.parse(cell.dataset.words)[key] || key) || "—",
  seconds: (value) => value.toFixed(1),
  incumbent_yuan: (value) => (value === null ? "—" : number.format(value)),
  bound_yuan: (value) => (value === null ? "—" : number.format(value)),
  gap: (value) => (value === null ? "—" : `${(value * 100).toFixed(2)}%`),
};
if (section) {
  const stream = new EventSource(section.dataset.stream);
  const show = (event) => {
    const run = JSON.parse(event.data);
    for (const cell of section.querySelectorAll("[data-field]")) {
      cell.textContent = words[cell.dataset.field](run.progress[cell.dataset.field], cell);
    }
  };
  stream.addEventListener("progress", show);
  stream.addEventListener("over", (event) => {
    show(event);
    stream.close();
    window.location.reload();
  });
}
