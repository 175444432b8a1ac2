/* What a page does beyond htmx. Nothing is loaded from elsewhere, nothing is evaluated from text. */
"use strict";
(() => {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, select, textarea")) return;
    if (event.key === "s") { document.getElementById("search")?.focus(); event.preventDefault(); }
    if (event.key === "?") { window.location.assign("/keys"); }
  });

  // What goes wrong is said where the element names a place (data-message), else above the page; what was shown stays.
  const say = (place, text) => {
    const paragraph = document.createElement("p");
    paragraph.className = "message";
    paragraph.setAttribute("role", "alert");
    paragraph.textContent = text;
    place.replaceChildren(...(text ? [paragraph] : []));
  };
  const above = document.getElementById("messages");
  const place = (element) => document.getElementById(element.closest("[data-message]")?.dataset.message) ?? above;
  const told = (answer) => {
    const page = new DOMParser().parseFromString(answer.responseText, "text/html");
    return page.querySelector(".message")?.textContent.trim() || `The server could not answer this (${answer.status}).`;
  };
  const unanswered = (element) => element.closest("[data-unanswered]")?.dataset.unanswered
    ?? "The server did not answer, so what is shown is as it was. Is it still running?";
  document.body.addEventListener("htmx:responseError", (event) => say(place(event.target), told(event.detail.xhr)));
  for (const name of ["htmx:sendError", "htmx:timeout"]) {
    document.body.addEventListener(name, (event) => say(place(event.target), unanswered(event.target)));
  }
  document.body.addEventListener("htmx:afterRequest", (event) => { if (event.detail.successful) say(above, ""); });
})();
