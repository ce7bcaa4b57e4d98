// Keeps the parts of a page that are marked data-live as the server has them now. Without this script, or
// without events, the page is what it was when it was asked for.
"use strict";
const main = document.querySelector("main[data-events]");
if (main && window.EventSource) {
  const bar = document.querySelector(".refresh"), button = bar.querySelector("[data-pause]"), said = bar.querySelector("[data-said]");
  let paused = false, asking = false, again = false, last = 0;
  bar.hidden = false;
  const refresh = async () => {
    if (paused) return;
    if (asking) { again = true; return; }
    asking = true;
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      if (!answer.ok || answer.redirected) { said.textContent = "The console does not answer."; return; }
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const old of document.querySelectorAll("[data-live]")) {
        const now = page.getElementById(old.id);
        if (now && !old.contains(document.activeElement) && now.innerHTML !== old.innerHTML) old.replaceChildren(...document.importNode(now, true).childNodes);
      }
      if (said.textContent) said.textContent = "";
      if (!page.querySelector("main[data-events]")) { events.close(); location.reload(); }
    } catch {
      said.textContent = "The console does not answer.";
    } finally {
      asking = false;
      if (again) { again = false; later(); }
    }
  };
  // Two seconds apart at least, so that many who look cost little.
  const later = () => {
    const wait = Math.max(0, last + 2000 - Date.now());
    last = Date.now() + wait;
    setTimeout(refresh, wait);
  };
  const events = new EventSource(main.dataset.events);
  events.addEventListener("progress", later);
  events.addEventListener("end", () => { events.close(); if (!paused) location.reload(); });
  button.addEventListener("click", () => {
    paused = !paused;
    button.setAttribute("aria-pressed", String(paused));
    said.textContent = paused ? "Updates are paused." : "";
    if (!paused) later();
  });
}
