// Every page, light and dark, on a desk and on a phone.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { assertGood, complaints, fresh, launch, picture, signIn } from "../support/browser.js";
import { date, workingDay } from "../support/days.js";
import { Person } from "../support/person.js";
import { serve } from "../support/server.js";

const YESTERDAY = date(-1);

/** Pages for everybody, and what they are called. */
const OPEN = /** @type {const} */ ([
  ["sign-in", "/sign-in"],
  ["sign-in-next", `/sign-in?next=/day/${YESTERDAY}`],
  ["register", "/register"],
  ["reset-password-gone", "/reset-password/dlr_gone"],
]);

/** Pages of somebody who tracks. */
const SIGNED_IN = /** @type {const} */ ([
  ["day", `/day/${YESTERDAY}`],
  ["day-list", `/day/${YESTERDAY}?view=list`],
  ["day-of-a-device", `/day/${YESTERDAY}?device=phone`],
  ["day-of-an-app", `/day/${YESTERDAY}?app=Code&project=dayline`],
  ["today", "/day"],
  ["day-before-all", `/day/${date(-300)}`],
  ["week", "/week"],
  ["month", "/month"],
  ["year", "/year"],
  ["range", `/range?from=${date(-20)}&to=${YESTERDAY}`],
  ["app", `/app/Code?from=${date(-6)}&to=${YESTERDAY}`],
  ["app-with-markup", `/app/${encodeURIComponent('Chat <3 & "more"')}`],
  ["domain", `/domain/github.com?from=${YESTERDAY}&to=${YESTERDAY}`],
  ["project", `/project/a-project-with-a-name-that-is-long?from=${date(-6)}&to=${YESTERDAY}`],
  ["work-hours", `/work-hours?from=${date(-20)}&to=${YESTERDAY}`],
  ["why", `/why?at=${YESTERDAY}T09:12:00Z`],
  ["corrections", "/corrections"],
  ["correction", `/corrections/new?from=${YESTERDAY}T09:12:00Z&to=${YESTERDAY}T09:30:00Z`],
  ["devices", "/devices"],
  ["connect", "/connect"],
  ["connect-tracker", "/connect?client=dayline-tracker"],
  ["device", "/device"],
  ["settings", "/settings"],
  ["data", "/settings/data"],
  ["history", "/settings/data/history"],
  ["categories", "/settings/categories"],
  ["aliases", "/settings/aliases"],
  ["settings-saved", "/settings?saved=profile"],
  ["refused", "/day?view=nothing"],
  ["nowhere", "/nowhere"],
]);

/** Pages of somebody who never tracked. */
const EMPTY = /** @type {const} */ ([
  ["empty-day", "/day"],
  ["empty-week", "/week"],
  ["empty-year", "/year"],
  ["empty-work-hours", "/work-hours"],
  ["empty-devices", "/devices"],
  ["empty-corrections", "/corrections"],
  ["empty-data", "/settings/data"],
  ["empty-categories", "/settings/categories"],
  ["empty-aliases", "/settings/aliases"],
]);

/** Pages of which there is a picture as they are printed. */
const PRINTED = ["day", "week", "work-hours"];

/** @type {import("../support/server.js").Server} */
let server;
/** @type {import("../support/browser.js").Browser} */
let browser;
/** @type {Person} */
let ada;
/** @type {Person} */
let bob;

before(async () => {
  [server, browser] = await Promise.all([serve(), launch()]);
  [ada, bob] = await Promise.all([Person.register(server.url, "ada"), Person.register(server.url, "bob")]);
  const rules = [{ app: "Code" }, { domain: "github.com" }];
  await ada.ask("POST", "/categories", { name: "Work", colour: "blue", rules: [] });
  await ada.ask("POST", "/categories", { name: "Work > Code", rules });
  await ada.ask("POST", "/categories", { name: "Leisure > " + "Long".repeat(16), colour: "wine", rules: [] });
  await ada.ask("PUT", "/aliases", { aliases: [{ app_name: "Firefox", shown_as: "The web" }] });
  await ada.track([...workingDay(date(-9)), ...workingDay(date(-2)), ...workingDay(YESTERDAY)]);
  const entry = { start_time: `${YESTERDAY}T12:40:00Z`, end_time: `${YESTERDAY}T12:55:00Z`, app_name: "Lunch with somebody", project: "a-project" };
  const erasure = { start_time: `${date(-3)}T12:40:00Z`, end_time: `${date(-2)}T00:55:00Z`, erase: true };
  for (const correction of [entry, erasure]) await ada.ask("POST", "/usage/corrections", correction);
});

after(async () => {
  await browser.close();
  await server.remove();
});

for (const colorScheme of /** @type {const} */ (["light", "dark"])) {
  for (const width of [1280, 360]) {
    describe(`${colorScheme}, ${width} wide`, () => {
      /**
       * Looks at pages, one after the other.
       * @param {Person | undefined} who
       * @param {readonly (readonly [string, string])[]} pages
       */
      const look = async (who, pages) => {
        const context = await fresh(browser, { colorScheme, viewport: { width, height: 800 }, isMobile: width < 400 });
        const complained = complaints(context);
        const page = await context.newPage();
        if (who) await signIn(page, server.url, who.email);
        for (const [name, path] of pages) {
          await page.goto(server.url + path);
          await picture(page, `${name}-${colorScheme}-${width}`);
          await assertGood(page);
          if (PRINTED.includes(name) && colorScheme === "dark" && width === 1280) {
            await page.emulateMedia({ media: "print" });
            await picture(page, `${name}-printed`);
            await page.emulateMedia({ media: null });
          }
          // What unfolds has room, too.
          for (const folded of await page.locator(".go summary").all()) {
            await folded.click();
            await assertGood(page);
            await folded.click();
          }
        }
        assert.deepEqual(complained, []);
        await context.close();
      };

      it("pages for everybody are good", () => look(undefined, OPEN));
      it("pages of somebody who tracks are good", () => look(ada, SIGNED_IN));
      it("pages of somebody who never tracked are good", () => look(bob, EMPTY));
    });
  }
}
