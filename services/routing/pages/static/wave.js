// While a wave is being planned the page asks every two seconds and shows the plan once it is there.
const ASK_EVERY_MS = 2000;

async function ask() {
  try {
    const answer = await fetch(location.pathname, { headers: { accept: "application/json" } });
    if (answer.ok && (await answer.json()).state !== "planning") { location.reload(); return; }
  } catch {
    // No way to the server just now: the next question may get through.
  }
  setTimeout(ask, ASK_EVERY_MS);
}

setTimeout(ask, ASK_EVERY_MS);
