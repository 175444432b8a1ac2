/* Keys of the worklist: j, k or arrows from claim to claim and on to the next page, Enter opens, d marks done. */
"use strict";
(() => {
  const FIRST = "#first";
  const LAST = "#last";
  const links = () => [...document.querySelectorAll("#claims a.claim")];
  const mark = (link) => {
    document.querySelectorAll("#claims tr.here").forEach((row) => row.classList.remove("here"));
    link?.closest("tr").classList.add("here");
  };
  const to = (link) => {
    link?.focus();
    link?.scrollIntoView({ block: "nearest" });
  };
  const turn = (relation, where) => {
    const page = document.querySelector(`.pages a[rel=${relation}]`);
    if (page) window.location.assign(page.href + where);
  };
  const step = (by) => {
    const all = links();
    const at = all.findIndex((link) => link.closest("tr").contains(document.activeElement));
    if (at < 0) to(all.at(by > 0 ? 0 : -1));
    else if (at + by >= all.length) turn("next", FIRST);
    else if (at + by < 0) turn("prev", LAST);
    else to(all[at + by]);
  };
  document.addEventListener("focusin", (event) => mark(event.target.closest?.("#claims tr")?.querySelector("a.claim")));
  keys.heard((event) => {
    const row = event.target.closest?.("#claims tr");
    if (event.key === "j" || (event.key === "ArrowDown" && row)) step(1);
    else if (event.key === "k" || (event.key === "ArrowUp" && row)) step(-1);
    else if (event.key === "d" && row) row.querySelector("td.work button")?.click();
    else return false;
    return true;
  });

  // The row one left has the focus again, once the browser itself has gone to it; so has a claim whose work
  // cell is written anew.
  const place = window.location.hash;
  const arrive = () => {
    if (place === FIRST) to(links().at(0));
    else if (place === LAST) to(links().at(-1));
    else if (/^#c\d+$/.test(place)) to(document.querySelector(`${place} a.claim`));
  };
  window.addEventListener("load", () => requestAnimationFrame(() => setTimeout(arrive)));
  document.body.addEventListener("htmx:afterSwap", (event) => {
    const cell = event.detail.requestConfig?.elt?.closest?.("td.work");
    if (cell && document.activeElement === document.body) to(document.getElementById(cell.id)?.closest("tr").querySelector("a.claim"));
  });
})();
