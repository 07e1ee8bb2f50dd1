// The intervals of a day, and what is computed from them.
import { Clock } from "./clock.js";
import { ask } from "./session.js";

/**
 * An interval. Times are milliseconds from the start of the day on.
 * @typedef {{ start: number, end: number, app: string, hue: string, device: string, deviceName: string, domain?: string, project?: string, lit: boolean }} Piece
 *
 * Pieces that are not lit are dimmed, which is where some alone were chosen.
 *
 * @typedef {{ clock: Clock, start: number, length: number, now: number | null, some: boolean, counted: Piece[], outranked: Piece[] }} Day
 */

/** Below this part of a column nothing is what the column is of. */
export const MOST = 0.6;

/**
 * @param {string} path
 * @returns {Promise<Day | undefined>}
 */
export async function load(path) {
  const answer = await ask(path);
  return answer?.ok ? read(await answer.json()) : undefined;
}

/**
 * @param {any} day as the server writes it
 * @returns {Day}
 */
export function read(day) {
  /** @type {(string | null)[]} An app, a domain, a project and a device. */
  const only = day.only;
  /** @param {number[]} row */
  const piece = (row) => {
    const piece = whole(row);
    const names = [piece.app, piece.domain, piece.project, piece.device];
    return { ...piece, lit: only.every((name, n) => name === null || name === (names[n] ?? "")) };
  };
  /** @param {number[]} row */
  const whole = ([start, end, app, device, domain, project]) => ({
    start,
    end,
    app: day.apps[app ?? 0][0],
    hue: day.apps[app ?? 0][1],
    device: day.devices[device ?? 0][0],
    deviceName: day.devices[device ?? 0][1],
    domain: day.domains[domain ?? -1],
    project: day.projects[project ?? -1],
  });
  return {
    clock: new Clock(day.start, day.length, day.offsets),
    start: day.start,
    length: day.length,
    now: day.now,
    some: only.some((name) => name !== null),
    counted: day.counted.map(piece),
    outranked: day.outranked.map(piece),
  };
}

/**
 * The number of the first piece that ends after a time. Pieces are in order and do not overlap.
 * @param {Piece[]} pieces
 * @param {number} at
 */
export function after(pieces, at) {
  let [low, high] = [0, pieces.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (/** @type {Piece} */ (pieces[middle]).end > at) high = middle;
    else low = middle + 1;
  }
  return low;
}

/**
 * What is where on a lane so many pixels wide: of each hue the stretches, and those that are of several
 * things. A pixel in which there is anything is drawn, in the hue of what took most of it.
 * @param {Piece[]} pieces
 * @param {number} from
 * @param {number} to
 * @param {number} width
 */
export function stretches(pieces, from, to, width) {
  const scale = width / (to - from);
  /** @type {Map<string, number[]>} */
  const hues = new Map();
  /** @type {number[]} */
  const mixed = [];
  const put = (/** @type {string} */ hue, /** @type {number} */ x, /** @type {number} */ w) => {
    const known = hues.get(hue);
    if (known) known.push(x, w);
    else hues.set(hue, [x, w]);
  };
  let column = -1;
  /** @type {Map<string, { hue: string, part: number }>} */
  let seen = new Map();
  const flush = () => {
    let [hue, most, all] = ["", 0, 0];
    for (const app of seen.values()) {
      all += app.part;
      if (app.part > most) [hue, most] = [app.hue, app.part];
    }
    if (all > 0) put(hue, column, 1);
    if (most < all * MOST) mixed.push(column, 1);
    seen = new Map();
  };
  const add = (/** @type {number} */ x, /** @type {Piece} */ piece, /** @type {number} */ part) => {
    if (x !== column) flush();
    column = x;
    const known = seen.get(piece.app);
    if (known) known.part += part;
    else seen.set(piece.app, { hue: piece.hue, part });
  };
  for (let n = after(pieces, from); n < pieces.length; n += 1) {
    const piece = /** @type {Piece} */ (pieces[n]);
    if (piece.start >= to) break;
    const [left, right] = [Math.max(0, (piece.start - from) * scale), Math.min(width, (piece.end - from) * scale)];
    const [first, last] = [Math.floor(left), Math.max(Math.floor(left), Math.ceil(right) - 1)];
    add(first, piece, Math.min(right, first + 1) - left);
    if (last > first + 1) put(piece.hue, first + 1, last - first - 1);
    if (last > first) add(last, piece, right - last);
  }
  flush();
  return { hues, mixed };
}

/**
 * How much of which apps lies between two times, the most first.
 * @param {Piece[]} pieces
 * @param {number} from
 * @param {number} to
 */
export function sums(pieces, from, to) {
  /** @type {Map<string, { app: string, hue: string, ms: number }>} */
  const apps = new Map();
  let ms = 0;
  for (let n = after(pieces, from); n < pieces.length; n += 1) {
    const piece = /** @type {Piece} */ (pieces[n]);
    if (piece.start >= to) break;
    const inside = Math.min(piece.end, to) - Math.max(piece.start, from);
    ms += inside;
    const known = apps.get(piece.app);
    if (known) known.ms += inside;
    else apps.set(piece.app, { app: piece.app, hue: piece.hue, ms: inside });
  }
  return { ms, apps: [...apps.values()].sort((a, b) => b.ms - a.ms) };
}
