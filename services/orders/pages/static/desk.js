// The desk's keyboard; every key only presses what is on the page, which works without this file.

const search = document.getElementById("q");
const orderForm = document.getElementById("order-form");
const readBack = document.getElementById("read-back");
const found = [...document.querySelectorAll("[data-found]")];

if (readBack) readBack.focus();

function move(step) {
  if (!found.length) return;
  const at = found.indexOf(document.activeElement);
  const next = at < 0 ? (step > 0 ? 0 : found.length - 1) : Math.min(found.length - 1, Math.max(0, at + step));
  found[next].focus();
}

function stepBack() {
  const back = document.getElementById("back-to-edit");
  if (back) { back.click(); return; }
  search.focus();
  search.select();
}

document.addEventListener("keydown", (event) => {
  // While an input method composes, every key is its own: Enter takes a candidate, Escape drops it.
  if (event.isComposing || event.keyCode === 229) return;
  if (event.key === "F2") { event.preventDefault(); search.focus(); search.select(); return; }
  if (event.key === "Enter" && event.ctrlKey) {
    if (!orderForm) return;
    event.preventDefault();
    const button = orderForm.querySelector("button[type=submit]");
    orderForm.requestSubmit(button);
    return;
  }
  if (event.key === "Escape") { event.preventDefault(); stepBack(); return; }
  const inList = event.target === search || found.includes(event.target);
  if (inList && event.key === "ArrowDown") { event.preventDefault(); move(1); }
  if (inList && event.key === "ArrowUp") { event.preventDefault(); move(-1); }
  // Enter in the search field opens the one match when the text was not changed since.
  if (event.key === "Enter" && event.target === search && found.length === 1 && search.value === search.defaultValue) {
    event.preventDefault();
    found[0].click();
  }
});
