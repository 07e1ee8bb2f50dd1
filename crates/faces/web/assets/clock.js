// The clock on the wall of a day. The server says how far it is before UTC and from when on; nothing here
// knows of time zones. All times are milliseconds from the start of the day on.

const DAY = 86_400_000;

/** What the lines of an axis may be apart, in milliseconds. */
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360].map((minutes) => minutes * 60_000);

export class Clock {
  /**
   * @param {number} start of the day, in milliseconds since 1970
   * @param {number} length of the day
   * @param {[number, number][]} offsets from when on the clock is so many seconds before UTC
   */
  constructor(start, length, offsets) {
    this.length = length;
    this.segments = offsets.map(([from, offset], n) => ({
      from,
      to: offsets[n + 1]?.[0] ?? length,
      ahead: start + offset * 1_000,
      /** Until when it shows what it has shown before. */
      again: n > 0 ? from + (/** @type {[number, number]} */ (offsets[n - 1])[1] - offset) * 1_000 : from,
    }));
  }

  /** @param {number} at */
  #segment(at) {
    return this.segments.findLast(({ from }) => from <= at) ?? this.segments[0];
  }

  /**
   * What it shows: `10:42`, or with seconds; `(again)` where it shows that for the second time.
   * @param {number} at
   * @param {boolean} seconds
   */
  text(at, seconds = false) {
    const segment = this.#segment(at);
    if (!segment) return "";
    const shown = (((at + segment.ahead) % DAY) + DAY) % DAY;
    const text = new Date(shown).toISOString().slice(11, seconds ? 19 : 16);
    return at < segment.again ? `${text} (again)` : text;
  }

  /**
   * The time at which it shows a text; the second one where `~` stands behind it.
   * @param {string} text `HH:MM` or `HH:MM:SS`
   * @returns {number | undefined}
   */
  find(text) {
    const [, hours, minutes, seconds = "0", again] = /^(\d\d):(\d\d)(?::(\d\d))?(~?)$/.exec(text) ?? [];
    const shown = ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1_000;
    if (!(shown <= DAY)) return undefined;
    const found = this.segments.flatMap(({ from, to, ahead }) => {
      const first = ((((shown - ahead) % DAY) + DAY) % DAY);
      return [first, first + DAY].filter((at) => from <= at && at < to);
    });
    return again ? found[1] : found[0];
  }

  /**
   * A text by which the time is found again.
   * @param {number} at
   */
  name(at) {
    const text = this.text(at, at % 60_000 !== 0);
    return text.replace(" (again)", "~");
  }

  /**
   * The full hours, or whatever is as far apart as labels need to be.
   * @param {number} from
   * @param {number} to
   * @param {number} least how far they are apart at least, in milliseconds
   */
  ticks(from, to, least) {
    const step = STEPS.find((step) => step >= least) ?? DAY / 2;
    const ticks = [];
    for (const segment of this.segments) {
      const start = Math.max(segment.from, from);
      const shown = start + segment.ahead;
      const first = start + ((step - (((shown % step) + step) % step)) % step);
      for (let at = first; at < Math.min(segment.to, to); at += step) ticks.push(at);
    }
    return ticks;
  }
}

/**
 * A length of time, exactly to the second: `1 h 14 min 5 s`.
 * @param {number} ms
 */
export function duration(ms) {
  const seconds = Math.round(ms / 1_000);
  const parts = /** @type {const} */ ([
    [Math.floor(seconds / 3_600), "h"],
    [Math.floor(seconds / 60) % 60, "min"],
    [seconds % 60, "s"],
  ]);
  return parts.flatMap(([many, unit]) => (many ? [`${many} ${unit}`] : [])).join(" ") || "0 s";
}
