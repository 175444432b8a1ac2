/* Buttons that print the page. */
"use strict";
document.querySelectorAll("button.prints").forEach((button) => {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
});
