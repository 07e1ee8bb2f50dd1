// The timeline of a day under one's hands: zoom, stretches and their totals, single intervals. Until then it
// is the server's drawing; the intervals are fetched when somebody touches it.
import { element, span, spoken, told, toldOf, total } from "./details.js";
import { furnish } from "./furniture.js";
import { after, load } from "./intervals.js";
import { Plot } from "./plot.js";
import { follow } from "./pointer.js";
import { hash, named, part, zoomed } from "./view.js";

/** Edges of intervals draw to themselves what is so near, in pixels. */
const SNAP = 6;
/** What is shown for a pointer stays so long after it has left, in milliseconds. */
const LINGER = 300;

/** @typedef {import("./intervals.js").Piece} Piece */
/** @typedef {import("./plot.js").Stretch} Stretch */

export class Timeline {
  /** @param {HTMLElement} root the drawing of the server */
  constructor(root) {
    this.root = root;
    this.plot = new Plot(root);
    /** @type {import("./intervals.js").Day | undefined} */
    this.day = undefined;
    /** @type {Stretch} */
    this.view = { from: 0, to: 1 };
    /** @type {Stretch | undefined} */
    this.chosen = undefined;
    /** The number of the interval that keys are at. @type {number | undefined} */
    this.at = undefined;
    /** Where keys began to choose. @type {number | undefined} */
    this.anchor = undefined;
    const { slider, words, sum, buttons } = furnish(this);
    this.slider = slider;
    this.words = words;
    this.sum = sum;
    this.buttons = buttons;
    this.slider.addEventListener("focus", () => this.wake());
    this.slider.addEventListener("keydown", (event) => this.#key(event));
    root.addEventListener("pointerenter", () => this.wake(), { once: true });
    root.addEventListener("toggle", () => this.#measure(), true);
    new ResizeObserver(() => this.#measure()).observe(root);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#measure());
    follow(this);
    if (location.hash) void this.wake();
  }

  /** Fetches the intervals the first time, and draws them. */
  wake() {
    this.waking ??= this.#fetch();
    return this.waking;
  }

  async #fetch() {
    const day = await load(this.root.dataset.intervals ?? "").catch(() => undefined);
    if (!day) return void (this.waking = undefined);
    const isFirst = !this.day;
    this.day = day;
    if (isFirst) this.view = named(location.hash, day.clock) ?? { from: 0, to: day.length };
    this.slider.setAttribute("aria-valuemax", String(Math.max(0, day.counted.length - 1)));
    this.plot.show(day);
    this.#draw();
    if (this.chosen) this.#add();
  }

  /** Fetches them again, since they may have changed. */
  async renew() {
    if (!this.day) return;
    this.waking = this.#fetch();
    await this.waking;
  }

  #measure() {
    if (!this.day) return;
    this.plot.measure();
    this.#draw();
  }

  #draw() {
    if (this.drawing) return;
    this.drawing = requestAnimationFrame(() => {
      this.drawing = 0;
      this.plot.draw(this.view, this.chosen, this.day?.counted[this.at ?? -1]);
    });
  }

  /** @param {number} x from the left of the lanes, in pixels */
  time(x) {
    return this.view.from + (x / this.plot.width) * (this.view.to - this.view.from);
  }

  /** How much time a pixel is. */
  get pixel() {
    return (this.view.to - this.view.from) / Math.max(1, this.plot.width);
  }

  /** @param {Stretch} view */
  see(view) {
    if (!this.day) return;
    this.view = part(view.from, view.to - view.from, this.day.length);
    this.#draw();
    clearTimeout(this.writing);
    this.writing = setTimeout(() => {
      if (!this.day) return;
      history.replaceState(history.state, "", location.pathname + location.search + hash(this.view, this.day.clock));
    }, 250);
  }

  /** Shows all of the day. */
  whole() {
    this.see({ from: 0, to: this.day?.length ?? 1 });
  }

  /**
   * @param {number} factor above 1 shows more time
   * @param {number} about
   */
  zoom(factor, about = (this.view.from + this.view.to) / 2) {
    if (this.day) this.see(zoomed(this.view, factor, about, this.day.length));
  }

  /** @param {number} share of what is seen */
  pan(share) {
    const by = (this.view.to - this.view.from) * share;
    this.see({ from: this.view.from + by, to: this.view.to + by });
  }

  /**
   * A time, or the edge of an interval that is near.
   * @param {number} at
   * @param {boolean} exactly
   */
  snapped(at, exactly) {
    if (!this.day) return at;
    const bounded = Math.min(Math.max(at, 0), this.day.length);
    const n = after(this.day.counted, bounded - SNAP * this.pixel);
    const edges = this.day.counted.slice(n, n + 3).flatMap(({ start, end }) => [start, end]);
    const near = edges.sort((a, b) => Math.abs(a - bounded) - Math.abs(b - bounded))[0];
    const draws = !exactly && near !== undefined && Math.abs(near - bounded) <= SNAP * this.pixel;
    return draws ? near : Math.round(bounded / 1_000) * 1_000;
  }

  /**
   * Chooses a stretch.
   * @param {number} one
   * @param {number} other
   */
  choose(one, other) {
    this.chosen = { from: Math.min(one, other), to: Math.max(one, other) };
    this.root.dataset.held = "";
    this.hush();
    this.#draw();
    this.#add();
  }

  /**
   * The far end of what is chosen, where a place is near to the other one.
   * @param {number} x from the left of the lanes, in pixels
   * @param {number} reach in pixels
   */
  farEnd(x, reach) {
    if (!this.chosen) return undefined;
    const { from, to } = this.chosen;
    const away = (/** @type {number} */ at) => Math.abs((at - this.view.from) / this.pixel - x);
    if (Math.min(away(from), away(to)) > reach) return undefined;
    return away(from) < away(to) ? to : from;
  }

  #add() {
    if (!this.day || !this.chosen) return;
    const heading = element("h3", "", span(this.day, this.chosen));
    this.sum.replaceChildren(heading, ...total(this.day, this.chosen), this.buttons);
    this.sum.hidden = false;
  }

  /** Chooses nothing, and shows no words. */
  clear() {
    this.chosen = this.anchor = undefined;
    this.sum.hidden = true;
    this.hush();
    this.free();
    this.#draw();
  }

  /** Lets the page put a newer drawing here again. */
  free() {
    delete this.root.dataset.held;
    this.root.dispatchEvent(new Event("dayline:freed", { bubbles: true }));
  }

  /**
   * Shows what is at a place, in words.
   * @param {number} x
   * @param {number} y
   * @param {boolean} pinned whether it stays when the pointer leaves
   */
  tell(x, y, pinned) {
    const lane = this.plot.laneAt(y);
    const lines = this.day && lane && told(this.day, lane, this.time(x), this.pixel);
    if (!lines || !lane) return pinned ? this.hush() : this.leave();
    this.#say(lane, x, lines, pinned);
  }

  /**
   * @param {import("./plot.js").Lane} lane
   * @param {number} x
   * @param {Node[]} lines
   * @param {boolean} pinned
   */
  #say(lane, x, lines, pinned) {
    clearTimeout(this.leaving);
    this.pinned = pinned;
    this.words.replaceChildren(...lines);
    this.words.hidden = false;
    const room = this.root.clientWidth - this.words.offsetWidth;
    this.words.style.left = `${Math.min(Math.max(this.plot.left + x - this.words.offsetWidth / 2, 0), Math.max(room, 0))}px`;
    this.words.style.top = `${lane.top + lane.height + 6}px`;
  }

  leave() {
    clearTimeout(this.leaving);
    if (!this.pinned) this.leaving = setTimeout(() => this.hush(), LINGER);
  }

  hush() {
    this.pinned = false;
    this.words.hidden = true;
  }

  /**
   * Goes to another interval.
   * @param {number} by how many further on
   * @param {boolean} extend whether what lies between is chosen
   */
  async step(by, extend) {
    await this.wake();
    const pieces = this.day?.counted ?? [];
    if (!this.day || pieces.length === 0) return;
    const here = this.at ?? (by > 0 ? after(pieces, this.view.from) - 1 : after(pieces, this.view.to));
    this.at = Math.min(Math.max(here + by, 0), pieces.length - 1);
    const piece = /** @type {Piece} */ (pieces[this.at]);
    this.slider.setAttribute("aria-valuenow", String(this.at));
    this.slider.setAttribute("aria-valuetext", spoken(this.day, piece));
    const span = this.view.to - this.view.from;
    if (piece.end <= this.view.from || piece.start >= this.view.to) this.see({ from: piece.start - span / 2, to: piece.start + span / 2 });
    this.#draw();
    if (extend) {
      this.anchor ??= Math.min(Math.max(here, 0), pieces.length - 1);
      const [first, last] = [pieces[Math.min(this.anchor, this.at)], pieces[Math.max(this.anchor, this.at)]];
      if (first && last) this.choose(first.start, last.end);
    } else {
      this.anchor = undefined;
      this.#tellStep(piece);
    }
  }

  /** @param {Piece} piece */
  #tellStep(piece) {
    const [counted] = this.plot.lanes;
    const middle = (Math.max(piece.start, this.view.from) + Math.min(piece.end, this.view.to)) / 2;
    if (this.day && counted) this.#say(counted, (middle - this.view.from) / this.pixel, toldOf(this.day, counted, piece), true);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const last = this.day?.counted.length ?? 0;
    /** @type {Record<string, number>} */
    const steps = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 10, PageDown: -10, End: last, Home: -last };
    const by = steps[event.key];
    if (by === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    void this.step(by, event.shiftKey);
  }
}

/** @type {Timeline | undefined} */
let timeline;

/** @param {ParentNode} where */
function begin(where) {
  const root = where.querySelector(".plot[data-intervals]");
  if (!(root instanceof HTMLElement)) return;
  const before = timeline;
  timeline = new Timeline(root);
  if (!before?.day) return;
  // What was seen stays, though all is drawn anew.
  const { view, at, day } = before;
  Object.assign(timeline, { view, at, day });
  void timeline.renew();
}

begin(document);
addEventListener("dayline:replaced", (event) => event instanceof CustomEvent && begin(event.detail));
addEventListener("dayline:refreshed", () => void timeline?.renew());
addEventListener("hashchange", () => {
  const view = timeline?.day && named(location.hash, timeline.day.clock);
  if (view) timeline?.see(view);
});
addEventListener("dayline:key", (event) => {
  if (!timeline || !(event instanceof CustomEvent)) return;
  const chosen = timeline;
  const { key, shiftKey } = event.detail;
  if (key === "Escape") return chosen.clear();
  if (key === "[" || key === "{") return void chosen.step(-1, shiftKey);
  if (key === "]" || key === "}") return void chosen.step(1, shiftKey);
  void chosen.wake().then(() => (key === "0" ? chosen.whole() : chosen.zoom(key === "-" ? 2 : 0.5)));
});
