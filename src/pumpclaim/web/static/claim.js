/* Keys of a claim: j and k to the next and the previous claim of the worklist. */
"use strict";
(() => {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, select, textarea")) return;
    if (event.key === "j") document.getElementById("next")?.click();
    if (event.key === "k") document.getElementById("previous")?.click();
  });
})();
