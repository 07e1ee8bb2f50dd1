// Pages that are open show what changes.
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, it } from "node:test";

import { complaints, fresh, launch, signIn } from "../support/browser.js";
import { date, ping } from "../support/days.js";
import { Person } from "../support/person.js";
import { serve } from "../support/server.js";

const DAY = date(-1);

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
let people = 0;

before(async () => {
  [server, browser] = await Promise.all([serve(), launch()]);
});

after(async () => {
  await browser.close();
  await server.remove();
});

beforeEach(async () => {
  ada = await Person.register(server.url, `ada-${(people += 1)}`);
  await ada.track([ping(DAY, "laptop", "09:00:00", "10:00:00", { app_name: "Code" })]);
  context = await fresh(browser);
  complained = complaints(context);
  page = await context.newPage();
  await signIn(page, server.url, ada.email);
  await page.goto(`${server.url}/day/${DAY}`);
  await live(page).waitFor();
});

afterEach(async () => {
  await context.close();
});

/** @param {import("../support/browser.js").Page} page */
const live = (page) => page.locator(".live").getByText("Live", { exact: true });

/** @param {import("../support/browser.js").Page} page */
const total = (page, /** @type {string} */ text) => page.locator(".total").getByText(text, { exact: true }).waitFor();

/** Mail for some minutes after ten. */
const mail = (/** @type {number} */ minutes) =>
  ada.track([ping(DAY, "laptop", "10:00:00", `10:${minutes}:00`, { app_name: "Mail" })]);

it("what is tracked appears within a second and a half, and nothing is taken from under the hands", async () => {
  const link = page.getByRole("link", { name: "Code" });
  await link.focus();
  await page.evaluate(() => Object.assign(globalThis, { kept: document.activeElement }));
  const began = performance.now();
  await mail(10);
  await total(page, "1 h 10 min");
  assert.ok(performance.now() - began < 1_500, `${performance.now() - began} ms`);
  await page.locator(".band title", { hasText: "Mail" }).first().waitFor({ state: "attached" });
  assert.ok(await page.evaluate(() => document.activeElement === /** @type {any} */ (globalThis).kept));
  await page.evaluate(() => /** @type {HTMLElement} */ (document.activeElement).blur());
  await page.getByRole("link", { name: "Mail" }).waitFor();
  assert.deepEqual(complained, []);
});

it("ten tabs are live by one stream, and an eleventh page opens", async () => {
  let streams = 0;
  context.on("request", (request) => (streams += Number(request.url().endsWith("/live"))));
  const tabs = await Promise.all(Array.from({ length: 9 }, () => context.newPage()));
  await Promise.all(tabs.map((tab) => tab.goto(`${server.url}/day/${DAY}`)));
  await Promise.all(tabs.map((tab) => live(tab).waitFor()));
  await mail(20);
  await Promise.all([page, ...tabs].map((tab) => total(tab, "1 h 20 min")));
  assert.equal(streams, 0, "the first tab has it");
  const eleventh = await context.newPage();
  await eleventh.goto(`${server.url}/week`);
  // Another tab takes the stream when the one that holds it is closed.
  await page.close();
  await mail(25);
  await Promise.all(tabs.map((tab) => total(tab, "1 h 25 min")));
  assert.equal(streams, 1);
  assert.deepEqual(complained, []);
});

it("a page that is hidden holds no stream and catches up when it is seen again", async () => {
  const hide = (/** @type {boolean} */ hidden) =>
    page.evaluate((hidden) => {
      Object.defineProperty(document, "hidden", { configurable: true, value: hidden });
      document.dispatchEvent(new Event("visibilitychange"));
    }, hidden);
  const ended = page.waitForEvent("requestfailed", (request) => request.url().endsWith("/live"));
  await hide(true);
  await ended;
  let asked = 0;
  page.on("request", () => (asked += 1));
  await mail(30);
  assert.equal(asked, 0);
  await hide(false);
  await total(page, "1 h 30 min");
});

it("a server that is gone is told of, and when it is back what was missed is shown", async () => {
  await server.stop();
  await page.locator(".live").getByText(/^Not live since \d\d:\d\d; showing what was loaded$/).waitFor();
  await total(page, "1 h");
  await server.start();
  await mail(40);
  await total(page, "1 h 40 min");
  await live(page).waitFor();
});

it("a session that has run out is renewed on the way", async () => {
  await context.clearCookies({ name: "dayline" });
  await mail(50);
  await total(page, "1 h 50 min");
});

it("when the session has ended nothing is left to see, in no tab", async () => {
  const other = await context.newPage();
  await other.goto(`${server.url}/week`);
  await ada.ask("POST", "/auth/logout-all");
  for (const tab of [page, other]) {
    await tab.getByRole("heading", { name: "You are signed out" }).waitFor();
    assert.ok(!(await tab.locator("body").innerText()).includes("Code"));
  }
  await page.getByRole("link", { name: "Sign in" }).click();
  await page.waitForURL(`${server.url}/sign-in?next=${encodeURIComponent(`/day/${DAY}`)}`);
});
