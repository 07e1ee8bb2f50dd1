// Draws the timeline of a day onto a canvas over the drawing of the server, at the pixels of the screen.
import { stretches } from "./intervals.js";

/** Labels of the axis are at least this far apart, in CSS pixels. */
const LABEL = 64;
/** Where the lines of the axis begin, from the top. */
const AXIS = 14;

/** @typedef {import("./intervals.js").Piece} Piece */
/** @typedef {import("./intervals.js").Day} Day */
/** @typedef {{ from: number, to: number }} Stretch */
/** @typedef {{ device: string, outranked: boolean, pieces: Piece[], lit: Piece[], dimmed: Piece[], top: number, height: number }} Lane */

export class Plot {
  /** @param {HTMLElement} root the drawing of the server */
  constructor(root) {
    this.root = root;
    this.canvas = document.createElement("canvas");
    this.canvas.setAttribute("aria-hidden", "true");
    /** @type {Lane[]} */
    this.lanes = [];
    this.width = 0;
    this.left = 0;
    /** @type {Day | undefined} */
    this.day = undefined;
  }

  /**
   * Takes the place of the drawing of the server.
   * @param {Day} day
   */
  show(day) {
    this.day = day;
    if (!this.canvas.isConnected) this.root.append(this.canvas);
    this.root.classList.add("drawn");
    this.measure();
  }

  /** Finds out again where the lanes are. */
  measure() {
    const root = this.root.getBoundingClientRect();
    const bands = [...this.root.querySelectorAll(".band")];
    const [first] = bands;
    if (!first) return;
    this.left = first.getBoundingClientRect().left - root.left;
    this.width = first.getBoundingClientRect().width;
    this.lanes = bands.flatMap((band) => {
      const { top, height } = band.getBoundingClientRect();
      const device = band.getAttribute("data-device") ?? "";
      const outranked = band.classList.contains("outranked");
      const pieces = (outranked ? this.day?.outranked : this.day?.counted) ?? [];
      const own = device ? pieces.filter((piece) => piece.device === device) : pieces;
      const [lit, dimmed] = [own.filter((piece) => piece.lit), own.filter((piece) => !piece.lit)];
      return height ? [{ device, outranked, pieces: own, lit, dimmed, top: top - root.top, height }] : [];
    });
    const dots = devicePixelRatio;
    this.canvas.width = Math.round(this.width * dots);
    this.canvas.height = Math.round(root.height * dots);
    const style = getComputedStyle(this.root);
    this.colour = (/** @type {string} */ name) => style.getPropertyValue(`--${name}`).trim();
  }

  /**
   * The lane at a place.
   * @param {number} y from the top of the drawing
   */
  laneAt(y) {
    return this.lanes.find(({ top, height }) => y >= top - 1 && y < top + height + 1);
  }

  /**
   * @param {Stretch} view
   * @param {Stretch | undefined} chosen
   * @param {Piece | undefined} marked
   */
  draw(view, chosen, marked) {
    const pen = this.canvas.getContext("2d");
    if (!pen || !this.day || !this.colour) return;
    const dots = devicePixelRatio;
    const x = (/** @type {number} */ at) => ((at - view.from) / (view.to - view.from)) * this.width;
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.clearRect(0, 0, this.canvas.width, this.canvas.height);
    pen.scale(dots, dots);
    this.#axis(pen, view, x);
    for (const lane of this.lanes) this.#lane(pen, lane, view);
    this.#over(pen, x);
    if (chosen) this.#chosen(pen, x(chosen.from), x(chosen.to));
    const [counted] = this.lanes;
    if (!marked || !counted) return;
    pen.strokeStyle = this.colour("ink");
    pen.lineWidth = 2;
    pen.strokeRect(x(marked.start) - 1, counted.top - 1, x(marked.end) - x(marked.start) + 2, counted.height + 2);
  }

  /**
   * @param {CanvasRenderingContext2D} pen
   * @param {Stretch} view
   * @param {(at: number) => number} x
   */
  #axis(pen, view, x) {
    const bottom = this.canvas.height / devicePixelRatio;
    pen.font = `12px ${getComputedStyle(this.root).fontFamily}`;
    const { clock } = /** @type {Day} */ (this.day);
    for (const at of clock.ticks(view.from, view.to, (LABEL / this.width) * (view.to - view.from))) {
      pen.fillStyle = this.colour?.("grid") ?? "";
      // Where names stand above the lanes, lines would go through them.
      if (this.left > 0) pen.fillRect(Math.round(x(at)), AXIS, 1, bottom - AXIS);
      pen.fillStyle = this.colour?.("soft") ?? "";
      if (x(at) < this.width - 30) pen.fillText(clock.text(at), x(at), 11);
    }
  }

  /**
   * @param {CanvasRenderingContext2D} pen
   * @param {Lane} lane
   * @param {Stretch} view
   */
  #lane(pen, lane, view) {
    pen.fillStyle = this.colour?.("track") ?? "";
    pen.fillRect(0, lane.top, this.width, lane.height);
    const dots = devicePixelRatio;
    const parts = (/** @type {Piece[]} */ pieces) => stretches(pieces, view.from, view.to, this.width * dots);
    const { hues, mixed } = parts(lane.lit);
    pen.globalAlpha = lane.outranked ? 0.55 : 1;
    const fill = (/** @type {number[]} */ found, /** @type {string} */ colour, share = 1) => {
      pen.beginPath();
      for (let n = 0; n < found.length; n += 2) {
        const [left = 0, width = 0] = found.slice(n, n + 2);
        pen.rect(left / dots, lane.top, width / dots, lane.height * share);
      }
      pen.fillStyle = colour;
      pen.fill();
    };
    for (const found of parts(lane.dimmed).hues.values()) fill(found, this.colour?.("grid") ?? "");
    for (const [hue, found] of hues) fill(found, this.colour?.(hue) ?? "");
    pen.globalAlpha = 1;
    if (lane.outranked) this.#stripes(pen, lane);
    // What is of several things is cut by lines, as the server draws it.
    for (const top of [0, 0.25, 0.5, 0.75]) {
      const cut = { ...lane, top: lane.top + top * lane.height };
      pen.beginPath();
      for (let n = 0; n < mixed.length; n += 2) pen.rect((mixed[n] ?? 0) / dots, cut.top, 1 / dots, lane.height * 0.08);
      pen.fillStyle = this.colour?.("track") ?? "";
      pen.fill();
    }
  }

  /**
   * @param {CanvasRenderingContext2D} pen
   * @param {Lane} lane
   */
  #stripes(pen, lane) {
    pen.beginPath();
    for (let x = -lane.height; x < this.width; x += 4) {
      pen.moveTo(x, lane.top + lane.height);
      pen.lineTo(x + lane.height * 0.7, lane.top);
    }
    pen.strokeStyle = this.colour?.("track") ?? "";
    pen.lineWidth = 1.6;
    pen.stroke();
  }

  /**
   * Where now is, what is to come, and where the clock is changed.
   * @param {CanvasRenderingContext2D} pen
   * @param {(at: number) => number} x
   */
  #over(pen, x) {
    const { now, clock } = /** @type {Day} */ (this.day);
    const bottom = this.canvas.height / devicePixelRatio;
    if (now !== null && x(now) < this.width) {
      const left = Math.max(0, x(now));
      pen.globalAlpha = 0.45;
      pen.fillStyle = this.colour?.("card") ?? "";
      pen.fillRect(left, 20, this.width - left, bottom);
      pen.globalAlpha = 1;
      pen.fillStyle = this.colour?.("accent") ?? "";
      if (x(now) >= 0) pen.fillRect(x(now), AXIS, 1.5, bottom);
    }
    pen.fillStyle = this.colour?.("ink") ?? "";
    for (const { from } of clock.segments.slice(1)) {
      for (let y = AXIS; y < bottom; y += 6) pen.fillRect(Math.round(x(from)), y, 1, 3);
    }
  }

  /**
   * @param {CanvasRenderingContext2D} pen
   * @param {number} left
   * @param {number} right
   */
  #chosen(pen, left, right) {
    const bottom = this.canvas.height / devicePixelRatio;
    pen.fillStyle = this.colour?.("accent") ?? "";
    pen.globalAlpha = 0.18;
    pen.fillRect(left, AXIS, right - left, bottom);
    pen.globalAlpha = 1;
    const [counted] = this.lanes;
    for (const x of [left, right]) {
      pen.fillRect(x - 1, AXIS, 2, bottom);
      if (counted) this.#grip(pen, x, counted.top + counted.height / 2);
    }
  }

  /**
   * What an end is taken by.
   * @param {CanvasRenderingContext2D} pen
   * @param {number} x
   * @param {number} y
   */
  #grip(pen, x, y) {
    pen.beginPath();
    pen.roundRect(x - 4, y - 11, 8, 22, 4);
    pen.fillStyle = this.colour?.("accent") ?? "";
    pen.fill();
    pen.strokeStyle = this.colour?.("card") ?? "";
    pen.lineWidth = 1.5;
    pen.stroke();
  }
}
