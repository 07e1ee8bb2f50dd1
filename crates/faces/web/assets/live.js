// Keeps an open page live. Of all tabs that can be seen one holds the stream of changes, since browsers
// open few connections to one server; it tells the others. Hidden tabs hold none and catch up when they
// are seen again.
import { refresh } from "./parts.js";
import { BASE, ask, signedOut } from "./session.js";

/** The server says something at least this often, in milliseconds; with room for a slow network. */
const LONGEST_SILENCE = 40_000;
/** How long it is waited before the stream is asked for again, at first and at most. */
const [FIRST_WAIT, LONGEST_WAIT] = [2_000, 30_000];
/** Pages are fetched again at most this often. */
const PACE = 1_000;
/** Totals are said aloud at most this often. */
const SAY = 60_000;

/** @typedef {{ kind: "changed", date: string } | { kind: "all" } | { kind: "live", since: number | null } | { kind: "who" } | { kind: "out" }} Message */

/** @param {HTMLElement} state */
function start(state) {
  const channel = new BroadcastChannel(`dayline${BASE}`);
  /** Since when the page is not live; nothing while it is. @type {number | null} */
  let deadSince = null;
  let holds = false;

  /** @param {Message} message */
  const tell = (message) => {
    channel.postMessage(message);
    hear(message);
  };

  /** @param {Message} message */
  const hear = (message) => {
    if (message.kind === "changed") touches(state, message.date) && soon();
    if (message.kind === "all") soon();
    if (message.kind === "live") showState(state, (deadSince = message.since));
    if (message.kind === "out") signedOut();
    if (message.kind === "who" && holds) channel.postMessage({ kind: "live", since: deadSince });
  };

  channel.addEventListener("message", (event) => document.hidden || hear(event.data));
  const end = () => {
    channel.postMessage({ kind: "out" });
    channel.close();
    seen?.abort();
  };
  addEventListener("dayline:signed-out", end, { once: true });

  /** Ends when the page is hidden. @type {AbortController | undefined} */
  let seen;
  const appear = () => {
    seen?.abort();
    if (document.hidden) return;
    const shown = (seen = new AbortController());
    channel.postMessage({ kind: "who" });
    soon();
    const held = navigator.locks.request(`dayline-live${BASE}`, { signal: shown.signal }, async () => {
      holds = true;
      await follow(shown.signal, tell).finally(() => (holds = false));
    });
    // A page that is hidden waits for its turn no longer.
    held.catch(() => {});
    everyMinute(state, shown.signal, soon);
  };
  document.addEventListener("visibilitychange", appear);
  appear();
}

/**
 * Whether a UTC day is among those that the page shows.
 * @param {HTMLElement} state
 * @param {string} date
 */
function touches(state, date) {
  const [from = "", to = ""] = state.dataset.live?.split("/") ?? [];
  return from <= date && date <= to;
}

const soon = paced(() => refresh().catch(() => {}).then(sayTotal));

/**
 * A function that runs at once, or when the pace allows it again.
 * @param {() => Promise<void>} run
 */
function paced(run) {
  let [wanted, runs] = [false, false];
  const go = async () => {
    wanted = true;
    if (runs) return;
    for (runs = true; wanted; await new Promise((resolve) => setTimeout(resolve, PACE))) {
      wanted = false;
      await run();
    }
    runs = false;
  };
  return () => void go();
}

/**
 * Follows the stream of changes until the page is hidden or the session has ended.
 * @param {AbortSignal} signal
 * @param {(message: Message) => void} tell
 */
async function follow(signal, tell) {
  let wait = FIRST_WAIT;
  /** @type {number | null} */
  let since = null;
  while (!signal.aborted) {
    const lived = await stream(signal, (message) => {
      [wait, since] = [FIRST_WAIT, null];
      tell(message);
    }).catch(() => true);
    if (!lived || signal.aborted) return;
    since ??= Date.now();
    tell({ kind: "live", since });
    await rest(wait * (0.75 + Math.random() / 2), signal);
    wait = Math.min(wait * 2, LONGEST_WAIT);
  }
}

/**
 * Reads one stream to its end.
 * @param {AbortSignal} signal
 * @param {(message: Message) => void} tell
 * @returns {Promise<boolean>} whether to come back
 */
async function stream(signal, tell) {
  const stalled = new AbortController();
  let watch = setTimeout(() => stalled.abort(), LONGEST_SILENCE);
  try {
    const both = AbortSignal.any([signal, stalled.signal]);
    const answer = await ask("/api/v1/live", { signal: both, cache: "no-store" });
    if (!answer) return false;
    if (!answer.ok || !answer.body) return true;
    const text = answer.body.pipeThrough(new TextDecoderStream());
    const reader = text.getReader();
    for (let kept = ""; ; ) {
      const { done, value } = await reader.read();
      if (done) return true;
      clearTimeout(watch);
      watch = setTimeout(() => stalled.abort(), LONGEST_SILENCE);
      const events = (kept + value).split("\n\n");
      kept = events.pop() ?? "";
      for (const event of events) told(event, tell);
    }
  } finally {
    clearTimeout(watch);
    stalled.abort();
  }
}

/**
 * Passes on what an event says. After `end` the stream ends by itself.
 * @param {string} event
 * @param {(message: Message) => void} tell
 */
function told(event, tell) {
  const field = (/** @type {string} */ name) => new RegExp(`^${name}: (.*)$`, "m").exec(event)?.[1];
  switch (field("event")) {
    case "ready":
      tell({ kind: "live", since: null });
      return tell({ kind: "all" });
    case "resync":
      return tell({ kind: "all" });
    case "changed":
      return tell({ kind: "changed", date: JSON.parse(field("data") ?? "{}").date });
  }
}

/**
 * Waits, but no longer than until the network is back.
 * @param {number} ms
 * @param {AbortSignal} signal
 */
function rest(ms, signal) {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
    addEventListener("online", resolve, { once: true, signal });
    signal.addEventListener("abort", resolve, { once: true });
  });
}

/**
 * A page of today moves with the clock.
 * @param {HTMLElement} state
 * @param {AbortSignal} signal
 * @param {() => void} run
 */
function everyMinute(state, signal, run) {
  if (!("minutely" in state.dataset)) return;
  const timer = setInterval(run, 60_000);
  signal.addEventListener("abort", () => clearInterval(timer));
}

/**
 * Says whether the page is live, and since when it is not.
 * @param {HTMLElement} state
 * @param {number | null} since
 */
function showState(state, since) {
  const clock = { hour: "2-digit", minute: "2-digit", timeZone: state.dataset.zone };
  const time = since && new Intl.DateTimeFormat("en-GB", /** @type {any} */ (clock)).format(since);
  const text = time ? `Not live since ${time}; showing what was loaded` : "Live";
  state.hidden = false;
  state.classList.toggle("dead", Boolean(time));
  if (state.textContent === text) return;
  state.textContent = text;
  if (time) say(text);
}

let said = { total: total(), at: performance.now() };

function total() {
  return document.querySelector('[data-part="total"]')?.textContent?.trim() ?? "";
}

/** Says the total aloud where it has changed. */
function sayTotal() {
  const now = total();
  if (now === said.total || performance.now() - said.at < SAY) return;
  said = { total: now, at: performance.now() };
  say(now);
}

/**
 * Says something to those who listen to the page.
 * @param {string} text
 */
function say(text) {
  const region = document.querySelector("[data-said]");
  if (region) region.textContent = text;
}

const state = document.querySelector("[data-live]");
if (state instanceof HTMLElement && navigator.locks) start(state);
