// The browser, and what every page is held to.
import assert from "node:assert/strict";
import { mkdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

import { PASSWORD } from "./person.js";

/** @typedef {import("playwright-core").Page} Page */
/** @typedef {import("playwright-core").Browser} Browser */
/** @typedef {import("playwright-core").BrowserContext} Context */

/** Where pictures of the pages are put, for people to look at. */
const PICTURES = process.env["DAYLINE_PICTURES"] ?? join(tmpdir(), "dayline-pictures");

const AXE = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export function launch() {
  return chromium.launch({ executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium" });
}

/** How long something may take to appear, in milliseconds. */
const PATIENCE = 10_000;

/**
 * A browser that nobody has used.
 * @param {Browser} browser
 * @param {import("playwright-core").BrowserContextOptions} options
 */
export async function fresh(browser, options = {}) {
  const context = await browser.newContext(options);
  context.setDefaultTimeout(PATIENCE);
  return context;
}

/**
 * Signs somebody in by the form, and leaves them at their day.
 * @param {Page} page
 * @param {string} url
 * @param {string} email
 */
export async function signIn(page, url, email) {
  await page.goto(`${url}/sign-in`);
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password").fill(PASSWORD);
  await Promise.all([page.waitForURL(`${url}/day`), page.getByRole("button", { name: "Sign in" }).click()]);
}

/**
 * Remembers what pages of a context complain about: errors of scripts, refusals by the policy, files that
 * are missing. What is asked for on purpose and answered with a refusal is no complaint.
 * @param {Context} context
 * @returns {string[]}
 */
export function complaints(context) {
  /** @type {string[]} */
  const heard = [];
  context.on("console", (message) => {
    const isRefusedPage = message.text().startsWith("Failed to load resource") && message.location().url === message.page()?.url();
    if (["error", "warning"].includes(message.type()) && !isRefusedPage) heard.push(`${message.page()?.url()}: ${message.text()}`);
  });
  context.on("weberror", (error) => heard.push(`${error.page()?.url()}: ${error.error().message}`));
  return heard;
}

/**
 * What a page must be: nothing for axe to find, and no wider than the window.
 * @param {Page} page
 */
export async function assertGood(page) {
  await page.evaluate(AXE);
  const found = await page.evaluate(async () => {
    // @ts-expect-error: axe is in the page alone.
    const { violations } = await axe.run(document, { resultTypes: ["violations"] });
    return violations.map((/** @type {import("axe-core").Result} */ { id, nodes }) => [
      id,
      ...nodes.map((node) => `${node.html} ${node.failureSummary}`),
    ]);
  });
  assert.deepEqual(found, [], page.url());
  const [content, window] = await page.evaluate(() => [
    document.documentElement.scrollWidth,
    document.documentElement.clientWidth,
  ]);
  assert.ok(/** @type {number} */ (content) <= /** @type {number} */ (window), `${page.url()} is ${content} wide`);
}

/**
 * Puts a picture of the whole page where people can look at it.
 * @param {Page} page
 * @param {string} name
 */
export async function picture(page, name) {
  await mkdir(PICTURES, { recursive: true });
  await page.screenshot({ path: join(PICTURES, `${name}.png`), fullPage: true, animations: "disabled" });
}
