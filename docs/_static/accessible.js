// What the theme leaves unsaid to screen readers, and light pages for paper.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  // the label hides the visible text of the button, "Search Ctrl+K"
  for (const button of document.querySelectorAll(".search-button-field")) button.removeAttribute("aria-label");
  // the arrows that open a part of the contents have no name
  for (const summary of document.querySelectorAll("nav summary:not([aria-label])")) {
    const link = summary.closest("li")?.querySelector("a");
    summary.setAttribute("aria-label", `Pages of ${link ? link.textContent.trim() : "this part"}`);
  }
});

// a dark page would be printed in light ink
let shown = null;
window.addEventListener("beforeprint", () => {
  shown = document.documentElement.dataset.theme;
  document.documentElement.dataset.theme = "light";
});
window.addEventListener("afterprint", () => { if (shown) document.documentElement.dataset.theme = shown; });
