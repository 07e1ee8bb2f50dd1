// What a pointer, a tap or a key on the timeline shows: an interval in words, and what a stretch adds up to.
import { duration } from "./clock.js";
import { MOST, after, sums } from "./intervals.js";
import { BASE } from "./session.js";

/** Gaps of this length are worth a word, in milliseconds. */
const LONG_GAP = 5 * 60_000;
/** How many apps of a stretch are listed. */
const LISTED = 6;
/** What is so near is meant, in pixels. */
const NEAR = 2;

/** @typedef {import("./intervals.js").Piece} Piece */
/** @typedef {import("./intervals.js").Day} Day */
/** @typedef {import("./plot.js").Lane} Lane */
/** @typedef {import("./plot.js").Stretch} Stretch */

/**
 * @param {string} tag
 * @param {string} className
 * @param {...(Node | string)} content
 */
export function element(tag, className, ...content) {
  const made = document.createElement(tag);
  made.className = className;
  made.append(...content);
  return made;
}

const SVG = "http://www.w3.org/2000/svg";

/**
 * A part of a drawing.
 * @param {string} tag
 * @param {Record<string, string>} attributes
 */
function drawn(tag, attributes) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

/**
 * The colour of an app.
 * @param {string} hue
 */
function swatch(hue) {
  const made = drawn("svg", { class: "swatch", width: "10", height: "10", "aria-hidden": "true" });
  made.append(drawn("rect", { class: hue, width: "10", height: "10", rx: "2" }));
  return made;
}

/**
 * An app with how long it was.
 * @param {{ app: string, hue: string, ms: number }} app
 */
function line({ app, hue, ms }) {
  return element("li", "", element("span", "", swatch(hue), link("app", app)), element("span", "", duration(ms)));
}

/**
 * A name that may be of any script, with the page about it.
 * @param {string} kind
 * @param {string} name
 */
function link(kind, name) {
  const made = document.createElement("a");
  made.href = `${BASE}/${kind}/${encodeURIComponent(name)}`;
  made.append(element("bdi", "", name));
  return made;
}

/**
 * @param {Day} day
 * @param {Stretch} stretch
 */
export function span({ clock }, { from, to }) {
  const seconds = from % 60_000 !== 0 || to % 60_000 !== 0;
  return `${clock.text(from, seconds)} – ${clock.text(to, seconds)}`;
}

/**
 * An interval as a reader says it: "10:42 to 10:54, Firefox, github.com, laptop, 12 min".
 * @param {Day} day
 * @param {Piece} piece
 */
export function spoken(day, piece) {
  const when = span(day, { from: piece.start, to: piece.end }).replace("–", "to");
  const what = [piece.app, piece.domain, piece.project, piece.deviceName];
  return [when, ...what, duration(piece.end - piece.start)].filter(Boolean).join(", ");
}

/**
 * What is at a time on a lane, in words; nothing where there is nothing to say.
 * @param {Day} day
 * @param {Lane} lane
 * @param {number} at
 * @param {number} pixel how much time one is
 * @returns {Node[] | undefined}
 */
export function told(day, lane, at, pixel) {
  const column = { from: at - pixel / 2, to: at + pixel / 2 };
  const { ms, apps } = sums(lane.pieces, column.from, column.to);
  const isMixed = apps.length > 1 && (apps[0]?.ms ?? 0) < ms * MOST;
  const lines = isMixed ? mixed(day, column, apps) : what(day, lane, at, pixel * NEAR);
  return lines && [...lines, why(day, at)];
}

/**
 * An interval in words.
 * @param {Day} day
 * @param {Lane} lane
 * @param {Piece} piece
 * @returns {Node[]}
 */
export function toldOf(day, lane, piece) {
  return [...interval(day, lane, piece), why(day, piece.start)];
}

/**
 * Leads to what decided.
 * @param {Day} day
 * @param {number} at
 */
function why(day, at) {
  const link = document.createElement("a");
  link.href = `${BASE}/why?at=${new Date(day.start + Math.round(at)).toISOString()}`;
  link.append("Why?");
  return element("p", "", link);
}

/**
 * Several things within one pixel, none of which is most of it.
 * @param {Day} day
 * @param {Stretch} column
 * @param {{ app: string, hue: string, ms: number }[]} apps
 */
function mixed(day, column, apps) {
  const names = apps.slice(0, LISTED).map(line);
  const whole = (/** @type {number} */ at) => Math.round(at / 1_000) * 1_000;
  const when = span(day, { from: whole(column.from), to: whole(column.to) });
  return [element("p", "", "Mixed"), element("p", "soft", `${when}; zoom in to see each`), element("ul", "", ...names)];
}

/**
 * @param {Day} day
 * @param {Lane} lane
 * @param {number} at
 * @param {number} near how far away something may be, in milliseconds
 */
function what(day, lane, at, near) {
  const n = after(lane.pieces, at);
  const [before, next] = [lane.pieces[n - 1], lane.pieces[n]];
  if (next && next.start <= at + near) return interval(day, lane, next);
  if (before && before.end >= at - near) return interval(day, lane, before);
  if (lane.outranked) return undefined;
  const gap = { from: before?.end ?? 0, to: next?.start ?? day.length };
  if (gap.to - gap.from < LONG_GAP) return undefined;
  return [element("p", "", "Nothing"), element("p", "soft", `${span(day, gap)}, ${duration(gap.to - gap.from)}`)];
}

/**
 * @param {Day} day
 * @param {Lane} lane
 * @param {Piece} piece
 */
function interval(day, lane, piece) {
  const { start, end, app, domain, project, deviceName } = piece;
  const name = element("p", "", swatch(piece.hue), link("app", app));
  if (domain) name.append(" · ", link("domain", domain));
  if (project) name.append(" · ", link("project", project));
  const when = `${span(day, { from: start, to: end })}, ${duration(end - start)}`;
  const lines = [name, element("p", "soft", when), element("p", "soft", element("bdi", "", deviceName))];
  if (lane.outranked) lines.push(element("p", "soft", "Did not count: ", ...instead(day, piece)));
  return lines;
}

/**
 * What counted while a piece did not.
 * @param {Day} day
 * @param {Piece} piece
 */
function instead(day, piece) {
  const other = day.counted[after(day.counted, piece.start)];
  if (!other || other.start >= piece.end) return ["something else did"];
  return [element("bdi", "", other.app), " on ", element("bdi", "", other.deviceName), " did"];
}

/**
 * What a stretch adds up to, exactly.
 * @param {Day} day
 * @param {Stretch} stretch
 */
export function total(day, { from, to }) {
  const [counted, outranked] = [sums(day.counted, from, to), sums(day.outranked, from, to)];
  // Where some alone were chosen, it is added up how much of what counted they are.
  const lit = day.some ? sums(day.counted.filter((piece) => piece.lit), from, to) : counted;
  const part = day.some ? ` of ${duration(counted.ms)} counted,` : " counted";
  const head = element("p", "", element("strong", "", duration(lit.ms)), `${part} of ${duration(to - from)}`);
  const list = element("ul", "", ...lit.apps.slice(0, LISTED).map(line));
  const rest = lit.apps.length - LISTED;
  const lines = [head, list];
  if (rest > 0) lines.push(element("p", "soft", `and ${rest} more`));
  if (outranked.ms > 0) lines.push(element("p", "soft", `${duration(outranked.ms)} did not count`));
  return lines;
}

/**
 * The same as plain text, to be copied.
 * @param {Day} day
 * @param {Stretch} stretch
 */
export function plain(day, stretch) {
  const { ms, apps } = sums(day.counted, stretch.from, stretch.to);
  const lines = apps.map(({ app, ms }) => `${app}\t${duration(ms)}`);
  return [`${span(day, stretch)}\t${duration(ms)}`, ...lines].join("\n");
}
