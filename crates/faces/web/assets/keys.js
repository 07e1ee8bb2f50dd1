// Single keys, which can be switched off. None of them changes anything that is kept.
import { BASE } from "./session.js";

/** Where it is kept that somebody wants no keys. */
const OFF = "dayline-no-keys";

/** @type {Record<string, () => Element | string | null>} */
const PLACES = {
  ArrowLeft: () => document.querySelector("a[rel=prev]"),
  ArrowRight: () => document.querySelector("a[rel=next]"),
  t: () => `${BASE}/day`,
  d: () => `${BASE}/day`,
  w: () => `${BASE}/week`,
  m: () => `${BASE}/month`,
  y: () => `${BASE}/year`,
  l: () => document.querySelector(".tabs a:not([aria-current])"),
};

/** Those that the timeline knows what to do with. */
const TIMELINE = ["+", "-", "0", "[", "]", "{", "}", "Escape"];

/** @param {KeyboardEvent} event */
function press(event) {
  if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented) return;
  const target = event.target instanceof Element ? event.target : document.body;
  if (target.closest("input, select, textarea, [contenteditable], dialog")) return;
  if (localStorage.getItem(OFF) && event.key !== "Escape") return;
  if (event.key.startsWith("Arrow") && (event.shiftKey || scrollsSideways(target))) return;
  if (!act(event)) return;
  event.preventDefault();
}

/**
 * Whether arrows have something else to do where the focus is.
 * @param {Element} target
 */
function scrollsSideways(target) {
  const region = target.closest("[tabindex='0'][role=region]");
  return Boolean(region && region.scrollWidth > region.clientWidth);
}

/** @param {KeyboardEvent} event */
function act({ key, shiftKey }) {
  if (TIMELINE.includes(key)) return dispatchEvent(new CustomEvent("dayline:key", { detail: { key, shiftKey } }));
  if (key === "?") return show();
  if (key === "g") return open(document.querySelector(".go"));
  if (key === "/") return field(document.querySelector(".filter input"));
  const place = PLACES[key]?.();
  if (!place) return false;
  if (typeof place === "string") location.assign(place);
  else if (place instanceof HTMLElement) place.click();
  return true;
}

/** @param {Element | null} input */
function field(input) {
  if (!(input instanceof HTMLElement)) return false;
  input.focus();
  return true;
}

/** @param {Element | null} details */
function open(details) {
  if (!(details instanceof HTMLDetailsElement)) return false;
  details.open = true;
  return field(details.querySelector("input"));
}

const dialog = document.querySelector("dialog.shortcuts");
const box = dialog?.querySelector("input");

function show() {
  if (!(dialog instanceof HTMLDialogElement) || !box) return false;
  box.checked = !localStorage.getItem(OFF);
  dialog.showModal();
  return true;
}

box?.addEventListener("change", () => (box.checked ? localStorage.removeItem(OFF) : localStorage.setItem(OFF, "yes")));
const button = document.querySelector("[data-shortcuts]");
if (button instanceof HTMLElement) {
  button.hidden = false;
  button.addEventListener("click", show);
}
document.addEventListener("keydown", press);
