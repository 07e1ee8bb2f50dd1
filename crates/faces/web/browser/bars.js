// Measures what the dashboard is held to: how soon a day of five thousand intervals is seen, how long the
// server takes for it, how much script a page loads, how soon a ping is seen, how long frames take while one
// zooms, and how long pings take beside a hundred open pages. Prints a table.
import { setTimeout as pause } from "node:timers/promises";

import { fresh, launch, signIn } from "./support/browser.js";
import { crowd } from "./support/crowd.js";
import { busyDay, date, workingDay } from "./support/days.js";
import { Person } from "./support/person.js";
import { serve } from "./support/server.js";
import { quantile, zoomFrames } from "./support/zoom.js";

const [BUSY, USUAL] = [date(-1), date(-2)];
const MANY = 5_000;
/** How often each is measured. */
const [LOADS, REQUESTS, PINGS] = [15, 300, 15];

/** @param {number[]} found */
function told(found) {
  const sorted = found.toSorted((a, b) => a - b);
  return `median ${quantile(sorted, 0.5).toFixed(1)} ms, p95 ${quantile(sorted, 0.95).toFixed(1)} ms`;
}

/** @param {number[]} found */
function p99(found) {
  const sorted = found.toSorted((a, b) => a - b);
  return `${quantile(sorted, 0.99).toFixed(1)} ms (median ${quantile(sorted, 0.5).toFixed(1)} ms, of ${sorted.length})`;
}

/**
 * How long a page takes at the server, connection and all.
 * @param {string} url
 * @param {string} cookie
 */
async function requests(url, cookie) {
  const found = [];
  for (let n = 0; n < REQUESTS; n += 1) {
    const start = performance.now();
    const answer = await fetch(url, { headers: { cookie, "accept-encoding": "gzip", "sec-fetch-dest": "document" }, redirect: "manual" });
    await answer.arrayBuffer();
    if (answer.status !== 200) throw new Error(`${url}: ${answer.status}`);
    found.push(performance.now() - start);
  }
  // The first ones find nothing warm.
  return found.slice(REQUESTS / 10);
}

/**
 * How soon something of a page is painted, and how many bytes of scripts it loads, packed.
 * @param {import("./support/browser.js").Browser} browser
 * @param {string} url
 * @param {import("./support/browser.js").Context} signedIn
 */
async function loads(browser, url, signedIn) {
  const storageState = await signedIn.storageState();
  const painted = [];
  let bytes = 0;
  for (let n = 0; n < LOADS; n += 1) {
    const context = await fresh(browser, { storageState, viewport: { width: 1280, height: 900 } });
    const page = await context.newPage();
    await page.goto(url, { waitUntil: "load" });
    await pause(200);
    const [paint, scripts] = await page.evaluate(() => [
      performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? NaN,
      performance.getEntriesByType("resource").reduce((sum, entry) => {
        const { name, encodedBodySize } = /** @type {PerformanceResourceTiming} */ (entry);
        return name.endsWith(".js") ? sum + encodedBodySize : sum;
      }, 0),
    ]);
    painted.push(/** @type {number} */ (paint));
    bytes = /** @type {number} */ (scripts);
    await context.close();
  }
  return { painted, bytes };
}

/**
 * How long after it is sent a ping has changed the total of an open page.
 * @param {Person} who
 * @param {import("./support/browser.js").Page} page
 */
async function pingsToPixels(who, page) {
  const found = [];
  const midnight = Date.parse(`${date(0)}T00:00:00Z`);
  const at = (/** @type {number} */ minutes) => new Date(midnight + minutes * 60_000).toISOString();
  for (let n = 0; n < PINGS; n += 1) {
    // Pages are fetched again once a second at most: each ping is to find that over.
    await pause(1_200 + Math.random() * 500);
    const seen = page.evaluate(
      () =>
        new Promise((resolve) => {
          const total = () => document.querySelector("[data-part=total] strong")?.textContent;
          const before = total();
          const look = () => requestAnimationFrame(() => (total() === before ? look() : resolve(Date.now())));
          look();
        }),
    );
    await pause(100);
    const start = Date.now();
    await who.ask("POST", "/usage/track", { app_name: "Code", start_time: at(n), end_time: at(n + 1) });
    const late = pause(10_000).then(() => Promise.reject(new Error("a ping is not seen")));
    late.catch(() => {});
    found.push(/** @type {number} */ (await Promise.race([seen, late])) - start);
  }
  return found;
}

const [server, browser] = await Promise.all([serve(), launch()]);
try {
  const ada = await Person.register(server.url, "ada");
  await ada.track([...busyDay(BUSY, MANY), ...workingDay(USUAL)]);
  const context = await fresh(browser, { viewport: { width: 1280, height: 900 } });
  const page = await context.newPage();
  await signIn(page, server.url, ada.email);
  const cookies = (await context.cookies()).map(({ name, value }) => `${name}=${value}`).join("; ");
  const [usual, busy] = [`${server.url}/day/${USUAL}`, `${server.url}/day/${BUSY}`];
  const nothing = await requests(`${server.url}/healthz`, cookies);
  const rows = [
    ["`/healthz`, to compare with", told(nothing)],
    ["`/day` at the server, a usual day", told(await requests(usual, cookies))],
    [`\`/day\` at the server, ${MANY} intervals`, told(await requests(busy, cookies))],
  ];
  const { painted, bytes } = await loads(browser, busy, context);
  rows.push([`first paint of ${MANY} intervals`, told(painted)], ["scripts of that page, packed", `${(bytes / 1_024).toFixed(1)} KiB`]);
  const minutesOfToday = (Date.now() - Date.parse(`${date(0)}T00:00:00Z`)) / 60_000;
  if (minutesOfToday > PINGS) {
    await ada.track([{ app_name: "Mail", start_time: new Date(Date.now() - 2_000).toISOString(), end_time: new Date().toISOString() }]);
    await page.goto(`${server.url}/day`);
    await page.locator(".live", { hasText: "Live" }).waitFor();
    rows.push(["ping to pixel", told(await pingsToPixels(ada, page))]);
  }
  await page.goto(busy);
  await page.locator(".plot").hover({ position: { x: 5, y: 5 } });
  await page.locator(".plot.drawn").waitFor();
  rows.push([`frames of zooming ${MANY} intervals, processor slowed four times`, told(await zoomFrames(page))]);
  const { alone, beside, pages, refetched } = await crowd(server.url);
  rows.push(["p99 of pings, nobody looking", p99(alone)]);
  rows.push([`p99 of pings, ${pages} open pages, which fetched themselves ${refetched.toFixed(0)} times a second`, p99(beside)]);
  for (const [what, found] of rows) console.log(`| ${what} | ${found} |`);
} finally {
  await browser.close();
  await server.remove();
}
