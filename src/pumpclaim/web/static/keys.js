/* Single keys: each goes to the element that names it (data-key), unless they are switched off on /keys. */
"use strict";
const keys = (() => {
  const OFF = "keys-off";
  const areOff = () => { try { return localStorage.getItem(OFF) === "yes"; } catch { return false; } };
  const isTyping = (event) => event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, select, textarea");
  const heard = (act) => document.addEventListener("keydown", (event) => {
    if (!areOff() && !isTyping(event) && !event.defaultPrevented && act(event)) event.preventDefault();
  });

  heard((event) => {
    const target = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
    if (!target) return false;
    if (target.matches("input, select, textarea, [data-key-focuses]")) target.focus(); else target.click();
    return true;
  });

  const choice = document.getElementById("keys-on");
  if (choice) {
    choice.closest("[hidden]").hidden = false;
    choice.checked = !areOff();
    choice.addEventListener("change", () => {
      if (choice.checked) localStorage.removeItem(OFF); else localStorage.setItem(OFF, "yes");
    });
  }
  return { heard };
})();
