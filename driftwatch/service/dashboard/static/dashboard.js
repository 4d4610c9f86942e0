/* Nothing here is needed: "/" goes to the search, and a chart says the numbers under the pointer,
which it reads from the table below it. Nothing is fetched. */
"use strict";
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || /INPUT|SELECT|TEXTAREA/.test(event.target.tagName)) return;
  const search = document.querySelector("input[type=search]");
  if (!search) return;
  event.preventDefault();
  search.focus();
});
document.querySelectorAll(".hov").forEach((chart) => {
  const plot = chart.querySelector(".plot");
  const body = chart.querySelector("details tbody");
  if (!plot || !body || !body.rows.length) return;
  const output = document.createElement("output");
  chart.prepend(output);
  const first = Number(body.rows[0].dataset.at);
  const last = Number(body.rows[body.rows.length - 1].dataset.at);
  plot.addEventListener("pointermove", (event) => {
    const box = plot.getBoundingClientRect();
    const at = first + ((event.clientX - box.left) / box.width) * (last - first);
    let low = 0;
    let high = body.rows.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (Number(body.rows[middle].dataset.at) < at) low = middle + 1;
      else high = middle;
    }
    const row = body.rows[low];
    output.textContent = Array.from(row.cells, (cell) => cell.textContent).join(" · ");
  });
  plot.addEventListener("pointerleave", () => (output.textContent = ""));
});
