/* Files dropped onto the page, sizes looked at before they are sent, progress while they are sent. */
"use strict";
(() => {
  const form = document.getElementById("upload");
  const input = document.getElementById("files");
  const said = document.getElementById("said");
  const sending = document.getElementById("sending");
  const bar = document.getElementById("sent");
  const words = document.getElementById("sent-words");

  const say = (text) => {
    const paragraph = document.createElement("p");
    paragraph.className = "message";
    paragraph.setAttribute("role", "alert");
    paragraph.textContent = text;
    said.replaceChildren(...(text ? [paragraph] : []));
  };
  const fault = () => {
    const files = [...input.files];
    const bytes = files.reduce((sum, file) => sum + file.size, 0);
    if (files.length > Number(form.dataset.mostFiles)) {
      return `These are ${files.length} files, more than the ${form.dataset.mostFiles} of one upload; send them in parts.`;
    }
    if (bytes > Number(form.dataset.mostBytes)) {
      const most = Math.floor(Number(form.dataset.mostBytes) / 1048576);
      return `These files hold ${Math.ceil(bytes / 1048576)} MB, more than the ${most} MB of one upload; send them in parts, or use pumpclaim check.`;
    }
    return "";
  };

  // Wherever on the page they are dropped.
  const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
  for (const name of ["dragenter", "dragover"]) {
    document.addEventListener(name, (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      form.hidden = false;
      form.classList.add("over");
    });
  }
  document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) form.classList.remove("over"); });
  document.addEventListener("drop", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    form.classList.remove("over");
    if (!event.dataTransfer.files.length) return;
    form.hidden = false;
    input.files = event.dataTransfer.files;
    say(fault());
    if (!fault()) form.requestSubmit();
  });
  input.addEventListener("change", () => say(fault()));
  form.addEventListener("htmx:confirm", (event) => {
    if (fault()) { event.preventDefault(); say(fault()); }
  });
  form.addEventListener("htmx:beforeRequest", () => { say(""); sending.hidden = false; });
  form.addEventListener("htmx:xhr:progress", (event) => {
    if (!event.detail.lengthComputable) return;
    const percent = Math.floor((100 * event.detail.loaded) / event.detail.total);
    bar.value = percent;
    words.textContent = percent < 100 ? `${percent} percent sent` : "sent; being kept";
  });
  form.addEventListener("htmx:afterRequest", () => { sending.hidden = true; });
})();
