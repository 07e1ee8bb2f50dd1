// Which part of a day is seen, and how it is written into the address.

/** What is seen is at least this long, in milliseconds. */
const LEAST = 60_000;

/** @typedef {{ from: number, to: number }} Stretch */

/**
 * A part of the day of at least a minute.
 * @param {number} from
 * @param {number} span
 * @param {number} length of the day
 * @returns {Stretch}
 */
export function part(from, span, length) {
  const long = Math.min(Math.max(span, LEAST), length);
  const start = Math.min(Math.max(from, 0), length - long);
  return { from: start, to: start + long };
}

/**
 * Makes what is seen longer or shorter about a time.
 * @param {Stretch} view
 * @param {number} factor above 1 shows more
 * @param {number} about
 * @param {number} length of the day
 */
export function zoomed({ from, to }, factor, about, length) {
  const span = Math.min(Math.max((to - from) * factor, LEAST), length);
  return part(about - ((about - from) / (to - from)) * span, span, length);
}

/**
 * What the address says is to be seen.
 * @param {string} hash
 * @param {import("./clock.js").Clock} clock
 * @returns {Stretch | undefined}
 */
export function named(hash, clock) {
  const [, first = "", last = ""] = /^#t=([\d:~]+)-([\d:~]+)$/.exec(hash) ?? [];
  const from = clock.find(first);
  // The end of the day is where it begins again.
  const to = clock.find(last) || (last && clock.length);
  return from !== undefined && to && from < to ? part(from, to - from, clock.length) : undefined;
}

/**
 * @param {Stretch} view
 * @param {import("./clock.js").Clock} clock
 */
export function hash({ from, to }, clock) {
  if (from <= 0 && to >= clock.length) return "";
  const whole = (/** @type {number} */ at) => clock.name(Math.round(at / 1_000) * 1_000);
  return `#t=${whole(from)}-${whole(to)}`;
}
