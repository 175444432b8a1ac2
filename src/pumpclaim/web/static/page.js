/* What a page does beyond htmx. Nothing is loaded from elsewhere, nothing is evaluated from text. */
"use strict";
(() => {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, select, textarea")) return;
    if (event.key === "s") { document.getElementById("search")?.focus(); event.preventDefault(); }
    if (event.key === "?") { window.location.assign("/keys"); }
  });
})();
