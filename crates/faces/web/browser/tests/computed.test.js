// What the timeline computes, against what is plain to see: no browser is needed for it.
import assert from "node:assert/strict";
import { describe, it } from "node:test";

// The modules look at the page when they are loaded.
Object.assign(globalThis, { document: { body: { dataset: {} } } });
const { Clock, duration } = await import("../../assets/clock.js");
const { after, stretches, sums } = await import("../../assets/intervals.js");
const { hash, named, part, zoomed } = await import("../../assets/view.js");

const [MINUTE, HOUR] = [60_000, 3_600_000];
const DAY = 24 * HOUR;

/** The day on which New York puts its clock back, from midnight on. */
const fall = new Clock(Date.parse("2026-11-01T04:00:00Z"), 25 * HOUR, [
  [0, -4 * 3_600],
  [2 * HOUR, -5 * 3_600],
]);
/** The day on which it puts it forward. */
const spring = new Clock(Date.parse("2026-03-08T05:00:00Z"), 23 * HOUR, [
  [0, -5 * 3_600],
  [2 * HOUR, -4 * 3_600],
]);
/** A day that begins at four. */
const late = new Clock(Date.parse("2026-11-20T04:00:00Z"), DAY, [[0, 0]]);

/** Numbers that look random and are the same each time. */
function random(seed = 1) {
  return () => ((seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647);
}

/** Pieces of some apps, in order, some of them a moment long. */
function pieces(many = 2_000) {
  const next = random();
  let at = 0;
  return Array.from({ length: many }, () => {
    const start = (at += Math.floor(next() * 20_000));
    const end = (at += 1 + Math.floor(next() ** 3 * 100_000));
    const app = `app ${Math.floor(next() * 5)}`;
    return { start, end, app, hue: app.replace("app ", "c"), device: "laptop", deviceName: "laptop", lit: true };
  });
}

describe("the clock", () => {
  it("shows an hour again where it was put back, and none where it was put forward", () => {
    assert.deepEqual(
      [HOUR, 2 * HOUR - 1, 2 * HOUR, 3 * HOUR - 1, 3 * HOUR].map((at) => fall.text(at)),
      ["01:00", "01:59", "01:00 (again)", "01:59 (again)", "02:00"],
    );
    assert.deepEqual([spring.text(2 * HOUR - 1), spring.text(2 * HOUR)], ["01:59", "03:00"]);
    assert.equal(late.text(21 * HOUR + 5_000, true), "01:00:05");
  });

  it("finds every time again by its name", () => {
    for (const clock of [fall, spring, late]) {
      for (let at = 0; at < clock.length; at += 7 * MINUTE + 1_000) assert.equal(clock.find(clock.name(at)), at, clock.name(at));
    }
    for (const wrong of ["", "1:00", "25:00", "01:00:00:00", "x"]) assert.equal(late.find(wrong), undefined, wrong);
    assert.equal(spring.find("02:30"), undefined, "the clock never shows it");
  });

  it("has its lines at full hours, whatever it is put by", () => {
    assert.deepEqual(
      fall.ticks(0, 5 * HOUR, HOUR).map((at) => fall.text(at)),
      ["00:00", "01:00", "01:00 (again)", "02:00", "03:00"],
    );
    assert.deepEqual(
      late.ticks(HOUR + 1, 2 * HOUR, 15 * MINUTE - 1).map((at) => late.text(at)),
      ["05:15", "05:30", "05:45"],
    );
  });

  it("writes lengths exactly", () => {
    assert.deepEqual([0, 5_000, MINUTE, 2 * HOUR + 50_000].map(duration), ["0 s", "5 s", "1 min", "2 h 50 s"]);
  });
});

describe("intervals", () => {
  const all = pieces();

  it("are found as by looking at each", () => {
    for (let at = -1; at < 1_000_000; at += 977) {
      const expected = all.findIndex((piece) => piece.end > at);
      assert.equal(after(all, at), expected < 0 ? all.length : expected);
    }
  });

  it("add up as millisecond by millisecond", () => {
    for (const [from, to] of /** @type {const} */ ([[0, 100_000], [12_345, 54_321], [99_999, 100_000], [5_000, 5_000]])) {
      const expected = all.reduce((sum, { start, end }) => sum + Math.max(0, Math.min(end, to) - Math.max(start, from)), 0);
      const { ms, apps } = sums(all, from, to);
      assert.equal(ms, expected);
      assert.equal(apps.reduce((sum, app) => sum + app.ms, 0), ms);
      assert.deepEqual(apps.map(({ ms }) => ms).sort((a, b) => b - a), apps.map(({ ms }) => ms));
    }
  });

  it("are drawn in each pixel in the hue of what took most of it, and in every pixel where there is any", () => {
    const [from, to, width] = [1_000_000, 9_000_000, 700];
    const { hues, mixed } = stretches(all, from, to, width);
    /** @type {string[]} */
    const drawn = [];
    for (const [hue, found] of hues) {
      for (let n = 0; n < found.length; n += 2) {
        for (let x = found[n] ?? 0; x < (found[n] ?? 0) + (found[n + 1] ?? 0); x += 1) {
          assert.equal(drawn[x], undefined, "a pixel is drawn once");
          drawn[x] = hue;
        }
      }
    }
    const cut = new Set(mixed.filter((_, n) => n % 2 === 0));
    const column = (to - from) / width;
    for (let x = 0; x < width; x += 1) {
      const { ms, apps } = sums(all, from + x * column, from + (x + 1) * column);
      assert.equal(drawn[x] !== undefined, ms > 0, `pixel ${x}`);
      const [most, second] = apps;
      // Where two took as much as each other, rounding may decide.
      if (most && most.ms - (second?.ms ?? 0) > 1) assert.equal(drawn[x], most.hue, `pixel ${x}`);
      if (most && Math.abs(most.ms - ms * 0.6) > 1) assert.equal(cut.has(x), most.ms < ms * 0.6, `pixel ${x}`);
    }
  });
});

describe("what is seen", () => {
  it("stays within the day, is a minute at least, and keeps what is under the pointer", () => {
    const next = random(7);
    let view = { from: 0, to: DAY };
    for (let n = 0; n < 2_000; n += 1) {
      const about = view.from + next() * (view.to - view.from);
      const before = (about - view.from) / (view.to - view.from);
      const seen = zoomed(view, next() * 1.9, about, DAY);
      assert.ok(seen.from >= 0 && seen.to <= DAY && seen.to - seen.from >= MINUTE - 1);
      const touchesAnEnd = seen.from === 0 || seen.to === DAY;
      if (!touchesAnEnd) assert.ok(Math.abs((about - seen.from) / (seen.to - seen.from) - before) < 1e-6);
      view = seen;
    }
    assert.deepEqual(part(-5, 10 * HOUR, DAY), { from: 0, to: 10 * HOUR });
  });

  it("is found again by the address", () => {
    for (const view of [{ from: HOUR, to: 2 * HOUR }, { from: 90 * MINUTE, to: 25 * HOUR }, { from: 2 * HOUR + 5_000, to: 3 * HOUR }]) {
      assert.deepEqual(named(hash(view, fall), fall), view);
    }
    assert.equal(hash({ from: 0, to: DAY }, late), "");
    for (const wrong of ["", "#t=", "#t=10:00", "#t=11:00-10:00", "#t=x-y", "#other"]) assert.equal(named(wrong, late), undefined, wrong);
  });
});
