// Gloves and cracked screens: a press right after the page changed was meant for the page before.
const GUARD_MS = 700;
const shown = performance.now();
setTimeout(() => { document.body.dataset.guard = "over"; }, GUARD_MS);
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-guarded]");
  if (!button) return;
  if (performance.now() - shown < GUARD_MS) { event.preventDefault(); return; }
  if (navigator.vibrate) navigator.vibrate(30);
}, true);
