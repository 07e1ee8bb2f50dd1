// The session of this page: renewed when it has run out, and what is left to see when it has ended.

/** What all addresses of the pages begin with. */
export const BASE = document.body.dataset.base ?? "";

/**
 * Asks this server as the person who is signed in, and renews their session on the way if need be.
 * @param {string} path from the base on
 * @param {RequestInit} init
 * @returns {Promise<Response | undefined>} nothing if the session has ended, which the page then says
 */
export async function ask(path, init = {}) {
  const answer = await fetch(BASE + path, init);
  if (answer.status !== 401 && !answer.redirected) return answer;
  if (!(await renew())) return void signedOut();
  return fetch(BASE + path, init);
}

/**
 * Renews the session; one tab at a time.
 * @returns {Promise<boolean>} whether there is one still
 */
async function renew() {
  const answer = await navigator.locks.request("dayline-renew", () =>
    fetch(`${BASE}/session/renew`, { method: "POST" }),
  );
  if (!answer.ok && answer.status !== 401) throw new Error(`renewing the session: ${answer.status}`);
  return answer.ok;
}

/** Takes what was shown out of the page, and leads to the sign-in and back. */
export function signedOut() {
  const heading = document.createElement("h1");
  heading.textContent = "You are signed out";
  const link = document.createElement("a");
  link.className = "button";
  link.textContent = "Sign in";
  const here = location.pathname.slice(BASE.length) + location.search;
  link.href = `${BASE}/sign-in?next=${encodeURIComponent(here)}`;
  const [slip, about, way] = ["section", "p", "p"].map((name) => document.createElement(name));
  about?.append("Your session has ended. What was shown here is gone.");
  way?.append(link);
  slip?.classList.add("slip");
  slip?.append(heading, about ?? "", way ?? "");
  document.querySelector("main")?.replaceChildren(slip ?? "");
  document.querySelector(".foot")?.remove();
  document.title = "Signed out · Dayline";
  dispatchEvent(new Event("dayline:signed-out"));
}
