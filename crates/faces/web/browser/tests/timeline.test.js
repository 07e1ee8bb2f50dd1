// The timeline of a day under one's hands.
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, it } from "node:test";

import { assertGood, complaints, fresh, launch, picture, signIn } from "../support/browser.js";
import { busyDay, changeOfClocks, date, ping, workingDay } from "../support/days.js";
import { Person } from "../support/person.js";
import { serve } from "../support/server.js";
import { quantile, zoomFrames } from "../support/zoom.js";

const DAY = date(-1);
const BUSY = date(-2);

/** @type {import("../support/server.js").Server} */
let server;
/** @type {import("../support/browser.js").Browser} */
let browser;
/** @type {import("../support/browser.js").Context} */
let context;
/** @type {import("../support/browser.js").Page} */
let page;
/** @type {Person} */
let ada;
/** @type {string[]} */
let complained;

before(async () => {
  [server, browser] = await Promise.all([serve(), launch()]);
  ada = await Person.register(server.url, "ada");
  await ada.track([...workingDay(DAY), ...busyDay(BUSY, 5_000)]);
});

after(async () => {
  await browser.close();
  await server.remove();
});

beforeEach(async () => {
  context = await fresh(browser, { viewport: { width: 1280, height: 900 }, permissions: ["clipboard-read", "clipboard-write"] });
  complained = complaints(context);
  page = await context.newPage();
  await signIn(page, server.url, ada.email);
});

afterEach(async () => {
  assert.deepEqual(complained, []);
  await context.close();
});

/**
 * Opens a day, touches its timeline and waits until it is drawn.
 * @param {string} path
 */
async function open(path) {
  await page.goto(server.url + path);
  await page.locator(".plot").hover({ position: { x: 5, y: 5 } });
  await page.locator(".plot.drawn").waitFor();
}

/**
 * Where a share of the day is on the lane of what counted, while all of it is seen.
 * @param {number} hours
 */
async function place(hours) {
  const box = await page.locator(".band").first().boundingBox();
  assert.ok(box);
  return { x: box.x + (box.width * hours) / 24, y: box.y + box.height / 2 };
}

/**
 * Drags from one hour to another.
 * @param {number} from
 * @param {number} to
 */
async function drag(from, to) {
  const [start, end] = [await place(from), await place(to)];
  await page.mouse.move(start.x, start.y);
  await page.mouse.down();
  await page.mouse.move((start.x + end.x) / 2, start.y);
  await page.mouse.move(end.x, end.y);
  await page.mouse.up();
}

const slider = () => page.getByRole("slider", { name: "Intervals" });
const press = (/** @type {string} */ name) => page.getByRole("button", { name, exact: true }).click();

it("a stretch that is dragged out snaps to intervals and adds up exactly", async () => {
  await open(`/day/${DAY}`);
  await drag(8.04, 9.69);
  const sum = page.locator(".sum");
  await sum.getByRole("heading", { name: "08:02:00 – 09:41:30" }).waitFor();
  assert.match(await sum.innerText(), /1 h 39 min 30 s counted of 1 h 39 min 30 s/);
  assert.deepEqual(await sum.getByRole("listitem").allInnerTexts(), ["Code\n1 h 23 min", "Firefox\n11 min 30 s", "Messages\n5 min"]);
  assert.match(await sum.innerText(), /5 min did not count/);
  await picture(page, "timeline-chosen");
  await assertGood(page);
  await press("Copy");
  assert.match(await page.evaluate(() => navigator.clipboard.readText()), /^08:02:00 – 09:41:30\t1 h 39 min 30 s\nCode\t1 h 23 min\n/);
  await press("Zoom here");
  await page.waitForURL(/#t=08:02-09:41:30$/);
  await press("Clear");
  await sum.waitFor({ state: "hidden" });
});

it("the wheel zooms with Ctrl alone, and the address leads back", async () => {
  await open(`/day/${DAY}`);
  const { x, y } = await place(12);
  await page.mouse.move(x, y);
  await page.mouse.wheel(0, -400);
  await page.waitForTimeout(400);
  assert.equal(new URL(page.url()).hash, "", "the wheel alone scrolls");
  await page.keyboard.down("Control");
  await page.mouse.wheel(0, -400);
  await page.keyboard.up("Control");
  await page.waitForURL(/#t=/);
  const seen = page.url();
  await page.goto(`${server.url}/week`);
  await page.goto(seen);
  await page.locator(".plot.drawn").waitFor();
  await press("Show less time");
  await page.waitForURL((url) => url.hash !== "" && url.href !== seen);
  await press("Whole day");
  await page.waitForURL((url) => url.hash === "");
});

it("what is under the pointer is told, stays while it is read, and goes away", async () => {
  await open(`/day/${DAY}`);
  const words = page.locator(".words");
  const { x, y } = await place(9.6);
  await page.mouse.move(x, y);
  await words.getByRole("link", { name: "github.com" }).waitFor();
  assert.match(await words.innerText(), /Firefox · github.com\n+09:30:00 – 09:41:30, 11 min 30 s\n+laptop\n+Why/);
  await words.hover();
  await page.waitForTimeout(500);
  assert.ok(await words.isVisible(), "it can be pointed at");
  await page.mouse.move(5, 5);
  await words.waitFor({ state: "hidden" });
  const gap = await place(12.8);
  await page.mouse.move(gap.x, gap.y);
  await words.getByText("12:31 – 13:00, 29 min").waitFor();
  await page.mouse.click(x, y);
  await page.mouse.move(5, 5);
  await page.waitForTimeout(500);
  assert.ok(await words.isVisible(), "a click pins it");
  const empty = await place(4);
  await page.mouse.click(empty.x, empty.y);
  await words.getByText("00:00 – 08:02, 8 h 2 min").waitFor();
  const band = await page.locator(".band.outranked").first().boundingBox();
  assert.ok(band);
  await page.mouse.click(band.x + (band.width * (9 + 12 / 60)) / 24, band.y + 3);
  await words.getByText("Did not count: Messages on phone did").waitFor();
  await page.keyboard.press("Escape");
  await words.waitFor({ state: "hidden" });
});

it("keys go from interval to interval, and choose", async () => {
  await page.goto(`${server.url}/day/${DAY}`);
  await slider().focus();
  const told = async (/** @type {string} */ key, /** @type {string} */ text) => {
    await page.keyboard.press(key);
    await page.locator(`[aria-valuetext="${text}"]`).waitFor();
  };
  await told("ArrowRight", "08:02 to 09:10, Code, dayline, laptop, 1 h 8 min");
  await told("ArrowRight", "09:10 to 09:15, Messages, phone, 5 min");
  await told("Shift+ArrowRight", "09:15 to 09:30, Code, dayline, laptop, 15 min");
  await page.locator(".sum").getByRole("heading", { name: "09:10 – 09:30" }).waitFor();
  await told("End", "16:40 to 16:44, Settings, laptop, 4 min");
  await told("Home", "08:02 to 09:10, Code, dayline, laptop, 1 h 8 min");
  await assertGood(page);
});

it("a finger moves, and chooses when it has rested", async () => {
  await context.close();
  context = await fresh(browser, { viewport: { width: 360, height: 800 }, hasTouch: true, isMobile: true });
  complained = complaints(context);
  page = await context.newPage();
  await signIn(page, server.url, ada.email);
  await page.goto(`${server.url}/day/${DAY}#t=08:00-12:00`);
  await page.locator(".plot.drawn").waitFor();
  const box = await page.locator(".band").first().boundingBox();
  assert.ok(box);
  const client = await context.newCDPSession(page);
  const touch = (/** @type {"touchStart" | "touchMove" | "touchEnd"} */ type, /** @type {number} */ share) =>
    client.send("Input.dispatchTouchEvent", { type, touchPoints: type === "touchEnd" ? [] : [{ x: box.x + box.width * share, y: box.y + 10 }] });
  await touch("touchStart", 0.5);
  await touch("touchMove", 0.4);
  await touch("touchMove", 0.25);
  await touch("touchEnd", 0);
  await page.waitForURL(/#t=(08:5|09:0)/);
  assert.ok(await page.locator(".sum").isHidden());
  await touch("touchStart", 0.2);
  await page.waitForTimeout(600);
  await touch("touchMove", 0.5);
  await touch("touchMove", 0.6);
  await touch("touchEnd", 0);
  const chosen = page.locator(".sum h3");
  const [, from = "", to = ""] = /^(.*) – (.*)$/.exec(await chosen.innerText()) ?? [];
  await picture(page, "timeline-chosen-360");
  // Its end is taken by a finger that need not hit it exactly.
  await touch("touchStart", 0.63);
  await touch("touchMove", 0.7);
  await touch("touchMove", 0.8);
  await touch("touchEnd", 0);
  await chosen.filter({ hasNotText: to }).waitFor();
  assert.ok((await chosen.innerText()).startsWith(from));
  await assertGood(page);
});

it("what is seen and chosen stays while the day changes", async () => {
  const day = date(-3);
  await ada.track([ping(day, "laptop", "09:00:00", "10:00:00", { app_name: "Code" })]);
  await open(`/day/${day}`);
  await press("Show less time");
  await page.waitForURL(/#t=06:00-18:00/);
  await drag(1, 23);
  await page.locator(".sum").getByText("1 h counted").waitFor();
  await ada.track([ping(day, "laptop", "10:00:00", "10:30:00", { app_name: "Mail" })]);
  await page.locator(".sum").getByText("1 h 30 min counted").waitFor();
  await press("Clear");
  await page.locator("h1").click();
  await page.locator(".lane", { hasText: "1 h 30 min" }).first().waitFor();
  await page.locator(".plot.drawn").waitFor();
  assert.match(page.url(), /#t=06:00-18:00/);
});

it("what alone is looked at stays bright, and adds up as part of the whole", async () => {
  await page.goto(`${server.url}/day/${DAY}`);
  await page.getByText("Only …").click();
  await page.getByLabel("App").selectOption("Firefox");
  await press("Show");
  await page.getByText("Only App Firefox; the rest is dimmed.").waitFor();
  await open(`/day/${DAY}?app=Firefox`);
  await picture(page, "timeline-only");
  await drag(8.04, 9.69);
  await page.locator(".sum").getByText("11 min 30 s of 1 h 39 min 30 s counted").waitFor();
  assert.deepEqual(await page.locator(".sum").getByRole("listitem").allInnerTexts(), ["Firefox\n11 min 30 s"]);
  await assertGood(page);
});

it("a stretch that is chosen is corrected", async () => {
  const day = date(-4);
  await ada.track([ping(day, "laptop", "09:00:00", "10:00:00", { app_name: "Code" })]);
  await open(`/day/${day}`);
  await drag(9.02, 9.98);
  await press("Correct this stretch");
  assert.equal(await page.getByLabel("From").inputValue(), `${day}T09:00`);
  await page.getByLabel("What you did").fill("Meeting");
  await press("See what changes");
  await page.getByRole("row", { name: "Code" }).getByText("−1 h").waitFor();
  await picture(page, "correction-sure");
  await press("Save");
  await page.waitForURL(`${server.url}/day/${day}?saved=entry`);
  await page.locator(".ranks").getByRole("link", { name: "Meeting" }).waitFor();
});

it("days of 23 and 25 hours are as long as the time that passed", async () => {
  const [spring, autumn] = [changeOfClocks(3), changeOfClocks(10)];
  const grace = await Person.register(server.url, "grace", "Europe/London");
  // In spring from 00:30 to 02:30 by the clock, in autumn from 01:30 to 01:30 again: an hour each.
  await grace.track([spring, autumn].map((day) => ping(day, "laptop", "00:30:00", "01:30:00", { app_name: "Code" })));
  await context.clearCookies();
  await signIn(page, server.url, grace.email);
  for (const [day, shift, from, to] of [[spring, "+1 h", "00:30", "02:30"], [autumn, "−1 h", "01:30", "01:30 (again)"]]) {
    await open(`/day/${day}`);
    await page.getByText(`The dashed line: clock ${shift}.`).waitFor();
    await slider().focus();
    await page.keyboard.press("ArrowRight");
    await page.locator(`[aria-valuetext="${from} to ${to}, Code, laptop, 1 h"]`).waitFor();
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Shift+ArrowRight");
    await page.locator(".sum").getByText("1 h counted of 1 h").waitFor();
    await picture(page, `clock-${day === spring ? "spring" : "autumn"}`);
    await press("Correct this stretch");
    await page.getByLabel("What you did").fill("Reading");
    await press("See what changes");
    await page.getByText(`${from} – ${to}`, { exact: false }).first().waitFor();
    await page.getByRole("row", { name: "Reading" }).getByText("+1 h").waitFor();
  }
});

it("a day of five thousand intervals is zoomed at the pace of the screen, also on a slow machine", async () => {
  await open(`/day/${BUSY}`);
  const frames = await zoomFrames(page);
  const slow = quantile(frames, 0.95);
  console.log(`a frame of zooming, CPU slowed four times: p50 ${quantile(frames, 0.5).toFixed(1)} ms, p95 ${slow.toFixed(1)} ms`);
  assert.ok(slow < 250, `${slow} ms`);
  // Of what happens within a pixel nothing is most of it.
  await press("Whole day");
  const { x, y } = await place(12);
  await page.mouse.move(x, y);
  await page.locator(".words").getByText("Mixed").waitFor();
  await assertGood(page);
});
