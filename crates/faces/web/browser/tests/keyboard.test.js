// Without a mouse.
import assert from "node:assert/strict";
import { after, before, it } from "node:test";

import { assertGood, fresh, launch } from "../support/browser.js";
import { date, workingDay } from "../support/days.js";
import { PASSWORD, Person } from "../support/person.js";
import { serve } from "../support/server.js";

/** @type {import("../support/server.js").Server} */
let server;
/** @type {import("../support/browser.js").Browser} */
let browser;
/** @type {import("../support/browser.js").Page} */
let page;
/** @type {Person} */
let ada;

before(async () => {
  [server, browser] = await Promise.all([serve(), launch()]);
  ada = await Person.register(server.url, "ada");
  await ada.track(workingDay(date(-1)));
  page = await (await fresh(browser)).newPage();
});

after(async () => {
  await browser.close();
  await server.remove();
});

/** The element with the focus, which must be seen to have it: its name, and its role in short. */
async function focused() {
  const found = await page.evaluate(() => {
    const element = document.activeElement ?? document.body;
    const { outlineStyle, outlineWidth } = getComputedStyle(element);
    const name = element.getAttribute("aria-label") ?? element.textContent?.trim();
    // A box is ticked by its label as well.
    const { width, height } = (element.closest("label") ?? element).getBoundingClientRect();
    return { tag: element.tagName, name: name || element.id, outline: `${outlineStyle} ${outlineWidth}`, width, height };
  });
  assert.equal(found.outline, "solid 3px", `${found.tag} ${found.name} does not show that it has the focus`);
  assert.ok(Math.max(found.width, found.height) >= 24, `${found.tag} ${found.name} is small`);
  return found;
}

/**
 * Presses Tab until something has the focus.
 * @param {string} name
 */
async function tabTo(name) {
  const passed = [];
  for (let presses = 0; presses < 80; presses += 1) {
    await page.keyboard.press("Tab");
    const { name: found } = await focused();
    if (found === name) return passed;
    passed.push(found);
  }
  throw new Error(`${name} can't be reached; passed were ${passed.join(", ")}`);
}

it("somebody signs in", async () => {
  await page.goto(`${server.url}/sign-in`);
  await tabTo("email");
  await page.keyboard.type(ada.email);
  await tabTo("password");
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press("Enter");
  await page.waitForURL(`${server.url}/day`);
});

it("the content is one key away", async () => {
  await page.keyboard.press("Tab");
  assert.equal((await focused()).name, "Skip to the content");
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement?.id), "main");
  await tabTo("The day before");
  await page.keyboard.press("Enter");
  await page.waitForURL(`${server.url}/day/${date(-1)}`);
});

it("every link and button of every page is reached in the order in which it stands", async () => {
  for (const path of ["/day", `/day/${date(-1)}`, `/day/${date(-1)}?view=list`, "/week", "/devices", "/connect", "/settings"]) {
    await page.goto(server.url + path);
    const expected = await page.evaluate(() => {
      const shown = (/** @type {Element} */ element) => element.checkVisibility({ visibilityProperty: true });
      const all = document.querySelectorAll("a[href]:not([tabindex='-1']), button, input:not([type=hidden]), select, summary, [tabindex='0']");
      // Of a group of radio buttons Tab reaches the one that is chosen.
      const stops = [...all].filter((e) => shown(e) && !(e instanceof HTMLInputElement && e.type === "radio" && !e.checked));
      return stops.length;
    });
    // Past the last one the browser itself has the focus, or the first one again.
    const isNew = () =>
      page.evaluate(() => {
        const element = document.activeElement;
        if (!(element instanceof HTMLElement) || element === document.body || element.dataset["reached"]) return false;
        return Boolean((element.dataset["reached"] = "yes"));
      });
    let reached = 0;
    for (await page.keyboard.press("Tab"); await isNew(); await page.keyboard.press("Tab")) {
      await focused();
      reached += 1;
    }
    assert.equal(reached, expected, path);
  }
});

it("single keys lead on", async () => {
  await page.goto(`${server.url}/day/${date(-1)}`);
  const leads = async (/** @type {string} */ key, /** @type {string | RegExp} */ to) => {
    await page.keyboard.press(key);
    await page.waitForURL(typeof to === "string" ? server.url + to : to);
  };
  await leads("ArrowLeft", `/day/${date(-2)}`);
  await leads("ArrowRight", `/day/${date(-1)}`);
  await leads("l", `/day/${date(-1)}?view=list`);
  await leads("l", `/day/${date(-1)}`);
  await leads("w", "/week");
  await leads("m", "/month");
  await leads("y", "/year");
  await leads("t", "/day");
  await page.keyboard.press("g");
  await page.locator(".go input").fill(date(-1));
  await leads("Enter", `/day/${date(-1)}`);
  await leads("+", /#t=/);
  await leads("0", `/day/${date(-1)}`);
  await page.keyboard.press("]");
  await page.locator(".words").getByText("08:02 – 09:10").waitFor();
  await page.keyboard.press("Escape");
  await page.locator(".words").waitFor({ state: "hidden" });
});

it("what somebody types into a field is no key", async () => {
  await page.keyboard.press("/");
  await page.keyboard.type("fire w");
  assert.equal(await page.locator(".ranks li:visible").count(), 0);
  await page.keyboard.press("Backspace");
  await page.keyboard.press("Backspace");
  assert.deepEqual(await page.locator(".ranks li:visible .name").allInnerTexts(), ["Firefox"]);
  assert.equal(page.url(), `${server.url}/day/${date(-1)}`);
});

it("keys are listed, and can be switched off", async () => {
  await page.goto(`${server.url}/week`);
  await page.keyboard.press("?");
  const dialog = page.getByRole("dialog", { name: "Keys" });
  await dialog.waitFor();
  await assertGood(page);
  await dialog.getByLabel("Single keys do this").uncheck();
  await page.keyboard.press("Escape");
  await page.keyboard.press("m");
  await page.waitForTimeout(300);
  assert.equal(page.url(), `${server.url}/week`);
  await page.getByRole("button", { name: "Keys" }).click();
  await dialog.getByLabel("Single keys do this").check();
  await page.keyboard.press("Escape");
  await page.keyboard.press("m");
  await page.waitForURL(`${server.url}/month`);
});
