// Brings an open page up to date: asks for it again and puts in what differs. Nothing is taken from under
// somebody's hands: a part that has the focus, or in which something is chosen, waits until it has not.
import { BASE, ask } from "./session.js";

/** What each part of the page is on the server, as far as this page knows. */
const known = new Map(parts(document).map((part) => [part.dataset.part, part.outerHTML]));

const trusted = /** @type {any} */ (globalThis).trustedTypes?.createPolicy("dayline", {
  createHTML: (/** @type {string} */ text) => text,
});

/** The tag of the page that was fetched last. */
let tag = "";

/**
 * @param {ParentNode} root
 * @returns {HTMLElement[]}
 */
function parts(root) {
  return [...root.querySelectorAll("[data-part]")].filter((part) => part instanceof HTMLElement);
}

/** Asks for this page again, and shows what is new. */
export async function refresh() {
  const slow = setTimeout(() => document.querySelector("main")?.setAttribute("aria-busy", "true"), 300);
  try {
    const path = location.pathname.slice(BASE.length) + location.search;
    const answer = await ask(path, { headers: tag ? { "If-None-Match": tag } : {} });
    if (answer?.status !== 200) return;
    tag = answer.headers.get("etag") ?? "";
    shown(await answer.text());
  } finally {
    clearTimeout(slow);
    document.querySelector("main")?.removeAttribute("aria-busy");
  }
}

/**
 * Shows what is new in a page of ours.
 * @param {string} text
 */
export function shown(text) {
  show(new DOMParser().parseFromString(trusted?.createHTML(text) ?? text, "text/html"));
}

/** @param {Document} fresh */
function show(fresh) {
  // Where today was shown, a new day has begun.
  if (fresh.title !== document.title) return location.reload();
  for (const next of parts(fresh)) {
    const part = document.querySelector(`[data-part="${next.dataset.part}"]`);
    if (!part || known.get(next.dataset.part) === next.outerHTML) continue;
    known.set(next.dataset.part, next.outerHTML);
    put(part, next);
  }
  dispatchEvent(new Event("dayline:refreshed"));
}

/**
 * Puts a part in the place of an older one, as soon as nobody is in it.
 * @param {Element} part
 * @param {HTMLElement} next
 */
function put(part, next) {
  if (part.contains(document.activeElement) || part.querySelector("[data-held]")) {
    const freed = new AbortController();
    const later = () => {
      freed.abort();
      setTimeout(() => put(part, next));
    };
    for (const event of ["focusout", "dayline:freed"]) part.addEventListener(event, later, { signal: freed.signal });
    return;
  }
  // What came after it in the meantime has taken its place already.
  if (!part.isConnected || known.get(next.dataset.part) !== next.outerHTML) return;
  const open = [...part.querySelectorAll("details")].map((details) => details.open);
  next.querySelectorAll("details").forEach((details, n) => (details.open ||= open[n] ?? false));
  part.replaceWith(next);
  dispatchEvent(new CustomEvent("dayline:replaced", { detail: next }));
}
