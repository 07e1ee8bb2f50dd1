// Looks again, while something that a page shows is under way.
import { refresh } from "./parts.js";

/** How long it rests in between, in milliseconds. */
const PACE = 2_000;

async function follow() {
  while (document.querySelector("[data-under-way]")) {
    await new Promise((resolve) => setTimeout(resolve, PACE));
    if (!document.hidden) await refresh().catch(() => {});
  }
}

void follow();
