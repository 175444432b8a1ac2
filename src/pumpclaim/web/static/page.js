/* What a page does beyond htmx. Nothing is loaded from elsewhere, nothing is evaluated from text. */
"use strict";
(() => {
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

  // Empty fields of a search stand in no address.
  document.addEventListener("formdata", (event) => {
    if (event.target.method !== "get") return;
    for (const [name, value] of [...event.formData]) if (value === "") event.formData.delete(name);
  });

  // Moments are told in the zone of this browser.
  const local = (moment) => {
    const told = new Date(moment.dateTime);
    if (Number.isNaN(told.getTime())) return;
    moment.title = moment.textContent;
    moment.textContent = told.toLocaleString("sv-SE", { dateStyle: "short", timeStyle: "short" });
  };
  const localise = (within) => within.querySelectorAll("time[datetime$=Z]:not([title])").forEach(local);
  localise(document);
  document.body.addEventListener("htmx:load", (event) => localise(event.target));

  // A file that is dropped where none is taken must not take the place of the page.
  for (const name of ["dragover", "drop"]) {
    document.addEventListener(name, (event) => {
      if (!event.dataTransfer?.types.includes("Files") || event.defaultPrevented) return;
      event.preventDefault();
      if (name === "drop") say(above, "Files of claims are dropped on the worklist, charts on the page of charts.");
    });
  }
})();
