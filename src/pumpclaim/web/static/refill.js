/* Rows of drugs: add one, remove one; the form then asks for its answer anew. */
"use strict";
(() => {
  const form = document.getElementById("refill-form");
  const list = document.getElementById("drug-rows");
  const blank = document.getElementById("drug-row");
  const add = document.getElementById("add-drug");
  const most = Number(list.dataset.most);
  const rows = () => [...list.querySelectorAll(".drug-row")];
  const number = () => {
    rows().forEach((row, at) => {
      row.setAttribute("aria-label", `Drug ${at + 1}`);
      const remove = row.querySelector("button.remove");
      remove.hidden = rows().length < 2;
      remove.setAttribute("aria-label", `Remove drug ${at + 1}`);
    });
    add.disabled = rows().length >= most;
  };
  add.hidden = false;
  add.addEventListener("click", () => {
    list.append(blank.content.cloneNode(true));
    number();
    rows().at(-1).querySelector("input").focus();
  });
  list.addEventListener("click", (event) => {
    const remove = event.target.closest("button.remove");
    if (!remove) return;
    const at = rows().indexOf(remove.closest(".drug-row"));
    remove.closest(".drug-row").remove();
    number();
    rows()[Math.min(at, rows().length - 1)].querySelector("input").focus();
    form.dispatchEvent(new Event("input", { bubbles: true }));
  });
  number();
})();
