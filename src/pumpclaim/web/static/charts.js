/* The checklist: rows that are added, Enter that saves one answer, links that unfold what they lead to. */
"use strict";
(() => {
  const questions = document.getElementById("questions");

  const added = (template, names) => {
    const row = document.getElementById(template).content.firstElementChild.cloneNode(true);
    (names.field ? [row] : [...row.querySelectorAll("input")]).forEach((input) => {
      input.name = names.field ?? `${names.place}.${input.dataset.field}`;
    });
    return row;
  };
  const wake = () => document.querySelectorAll(".add-place, .add-drug").forEach((button) => { button.hidden = false; });
  questions.addEventListener("click", (event) => {
    const button = event.target.closest(".add-place, .add-drug");
    if (!button) return;
    const isPlace = button.classList.contains("add-place");
    const into = isPlace ? button.closest("details").querySelector(".rows") : button.closest(".options").querySelector(".drugs");
    const row = isPlace ? added("place-row", { place: button.dataset.name }) : added("drug-row", { field: button.dataset.name });
    into.append(row);
    (isPlace ? row.querySelector("input") : row).focus();
  });
  wake();
  questions.addEventListener("htmx:load", wake);

  // None and a drug exclude one another.
  questions.addEventListener("change", (event) => {
    const options = event.target.closest(".options");
    const none = options?.querySelector("input[value=none][type=checkbox]");
    if (!none) return;
    if (event.target === none && none.checked) {
      options.querySelectorAll("input.drug").forEach((input) => { input.value = ""; });
      options.querySelectorAll("input[type=checkbox]").forEach((box) => { box.checked = box === none; });
    } else if (event.target !== none && (event.target.checked || event.target.value.trim())) {
      none.checked = false;
    }
  }, true);

  // Enter would send the whole form; here it saves the one answer.
  questions.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target.matches(".question input:not([type=checkbox], [type=radio]), #reading input")) {
      event.preventDefault();
      event.target.blur();
      event.target.focus();
    }
  });

  // What is unfolded in the panel stays so when the panel is written anew.
  const panel = document.getElementById("panel");
  let open = [];
  document.body.addEventListener("htmx:oobBeforeSwap", () => { open = [...panel.querySelectorAll("details[open]")].map((one) => one.id); });
  document.body.addEventListener("htmx:oobAfterSwap", () => {
    open.forEach((id) => document.getElementById(id)?.setAttribute("open", ""));
  });
  // A link to evidence unfolds it.
  const unfold = () => {
    const target = document.getElementById(window.location.hash.slice(1));
    if (target?.matches("details.places")) target.open = true;
  };
  window.addEventListener("hashchange", unfold);
  unfold();
})();
