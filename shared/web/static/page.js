// Small aids for every page; all of them work without this file, only less comfortably.

// A form is sent once: a second press while the first is on its way would only wait for the same answer.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post") return;
  if (form.dataset.sent === "yes") { event.preventDefault(); return; }
  form.dataset.sent = "yes";
  form.setAttribute("aria-busy", "true");
});
// Coming back with the browser's back button shows the page as it was left: it may be sent again.
window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const form of document.forms) { delete form.dataset.sent; form.removeAttribute("aria-busy"); }
});

// A refused form puts the reader where the reason stands.
const summary = document.getElementById("error-summary");
if (summary) summary.focus();

// How old the shown data is: real seconds since the page came, for the street's clock may run fast.
const marks = document.querySelectorAll(".c-freshness");
const loaded = performance.now();
setInterval(() => {
  const age = (performance.now() - loaded) / 1000;
  for (const mark of marks) {
    mark.dataset.state = age > 300 ? "dead" : age > 60 ? "stale" : "live";
    // In words as well: a colour alone tells some readers nothing.
    if (age > 60) mark.querySelector(".c-freshness__age").textContent = ` · ${mark.dataset.old.replace("#", Math.floor(age / 60))}`;
  }
}, 5000);
