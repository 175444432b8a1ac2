/* Keys of the worklist: j, k or arrows from claim to claim, Enter opens, / filters, e exports. */
"use strict";
(() => {
  const links = () => [...document.querySelectorAll("#claims a.claim")];
  const mark = (link) => {
    document.querySelectorAll("#claims tr.here").forEach((row) => row.classList.remove("here"));
    link?.closest("tr").classList.add("here");
  };
  const step = (by) => {
    const all = links();
    if (!all.length) return;
    const at = all.indexOf(document.activeElement);
    const to = at < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(all.length - 1, Math.max(0, at + by));
    all[to].focus();
    all[to].scrollIntoView({ block: "nearest" });
  };
  document.addEventListener("focusin", (event) => {
    mark(event.target.matches?.("#claims a.claim") ? event.target : null);
  });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, select, textarea")) return;
    const inTable = event.target.matches("#claims a.claim");
    if (event.key === "j" || (event.key === "ArrowDown" && inTable)) { step(1); event.preventDefault(); }
    if (event.key === "k" || (event.key === "ArrowUp" && inTable)) { step(-1); event.preventDefault(); }
    if (event.key === "/") { document.getElementById("f-patient").focus(); event.preventDefault(); }
    if (event.key === "e") { document.querySelector("a.export")?.focus(); event.preventDefault(); }
  });
})();
