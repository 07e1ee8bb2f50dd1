// The forms, as a person fills them in; each also without scripts.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { assertGood, complaints, fresh, launch, picture, signIn } from "../support/browser.js";
import { date, workingDay } from "../support/days.js";
import { PASSWORD, Person } from "../support/person.js";
import { serve } from "../support/server.js";

/** @type {import("../support/server.js").Server} */
let server;
/** @type {import("../support/browser.js").Browser} */
let browser;

before(async () => {
  [server, browser] = await Promise.all([serve(), launch()]);
});

after(async () => {
  await browser.close();
  await server.remove();
});

for (const scripts of [true, false]) {
  const how = scripts ? "with" : "without";

  describe(`${how} scripts`, () => {
    /** @type {import("../support/browser.js").Context} */
    let context;
    /** @type {import("../support/browser.js").Page} */
    let page;
    /** @type {string[]} */
    let complained;

    before(async () => {
      context = await fresh(browser, { javaScriptEnabled: scripts, timezoneId: "Asia/Tokyo" });
      complained = complaints(context);
      page = await context.newPage();
    });

    after(async () => {
      await context.close();
      assert.deepEqual(complained, []);
    });

    const press = (/** @type {string} */ name) => page.getByRole("button", { name, exact: true }).click();
    const heading = () => page.locator("h1").innerText();
    const status = (/** @type {string} */ text) => page.getByRole("status").getByText(text).waitFor();

    it("an account is made, and what is wrong is told first", async () => {
      await page.goto(`${server.url}/register`);
      await page.getByLabel("Name").fill("Grace");
      await page.getByLabel("E-mail").fill(`grace-${how}@example.org`);
      await page.getByLabel("Password").fill("password");
      const zone = page.getByLabel("Time zone");
      assert.equal(await zone.inputValue(), scripts ? "Asia/Tokyo" : "", "the browser proposes its zone");
      await press("Make the account");
      await page.locator("#password-wrong").waitFor();
      assert.equal(await page.getByLabel("Name").inputValue(), "Grace");
      if (scripts) await assertGood(page);
      await page.getByLabel("Password").fill(PASSWORD);
      await press("Make the account");
      await page.waitForURL(`${server.url}/connect`);
    });

    it("a key is made, and the page hears the tracker", async () => {
      await page.getByLabel("What runs it").fill("workstation");
      await press("Make a key");
      const key = await page.locator("#key").innerText();
      assert.match(key, /^dlk_/);
      await picture(page, `key-${how}-scripts`);
      if (scripts) await assertGood(page);
      else await page.getByRole("link", { name: "Has it been heard?" }).click();
      const now = Date.now();
      const ping = {
        app_name: "Terminal",
        start_time: new Date(now - 60_000).toISOString(),
        end_time: new Date(now).toISOString(),
      };
      await new Person(server.url, "", key).ask("POST", "/usage/track", ping);
      // Without scripts the page asks again by itself, every three seconds.
      if (scripts) await status("It was heard.");
      else await page.getByRole("heading", { name: "It works" }).waitFor();
      await page.getByRole("link", { name: "To my day" }).click();
      await page.getByRole("link", { name: "Terminal" }).waitFor();
    });

    it("a device gets a name", async () => {
      await page.goto(`${server.url}/devices`);
      await page.getByText("Rename workstation").click();
      await page.getByLabel("Its name").fill("My desk");
      await press("Save");
      await page.getByRole("region", { name: "Devices" }).locator("bdi", { hasText: "My desk" }).waitFor();
      await page.goto(`${server.url}/day`);
      await page.locator(".lane").getByText("My desk").waitFor();
    });

    it("time is sorted by buttons, and an app gets a name", async () => {
      await page.goto(`${server.url}/settings/categories`);
      await press("Begin with usual categories");
      await page.locator(".category > summary", { hasText: "Work > Code" }).click();
      if (scripts) await assertGood(page);
      await picture(page, `categories-unfolded-${how}-scripts`);
      await press("Remove the rule app *Terminal*");
      await press("Put Terminal into Leisure");
      await page.getByText("Nothing: all has its place.").waitFor();
      await page.goto(`${server.url}/settings/aliases`);
      await page.getByText("Rename Terminal").click();
      if (scripts) await assertGood(page);
      await page.getByLabel("Show it as").fill("Black window");
      await press("Save the name of Terminal");
      await page.goto(`${server.url}/day`);
      await page.getByRole("link", { name: "Black window" }).waitFor();
      await page.getByRole("link", { name: "Leisure", exact: true }).waitFor();
    });

    it("the profile, the theme and how time counts are saved", async () => {
      await page.goto(`${server.url}/settings`);
      await page.getByLabel("Time zone").fill("Mars");
      await page.locator("form", { hasText: "Profile" }).getByRole("button").click();
      await page.locator("#timezone-wrong").waitFor();
      await page.getByLabel("Time zone").fill("Europe/London");
      await page.locator("form", { hasText: "Profile" }).getByRole("button").click();
      await status("Your profile is saved.");
      await page.getByLabel("Dark").check();
      await page.locator("form", { hasText: "Theme" }).getByRole("button").click();
      await page.locator("html[data-theme=dark]").waitFor();
      await page.getByLabel("Weeks begin on").selectOption("sunday");
      await page.locator("form", { hasText: "How time counts" }).getByRole("button").click();
      await page.getByRole("status").waitFor();
      assert.equal(await page.getByLabel("Weeks begin on").inputValue(), "sunday");
    });

    it("the record is corrected, after it was shown what that changes", async () => {
      await page.goto(`${server.url}/corrections/new`);
      await page.getByLabel("What you did").fill("Tea");
      await press("See what changes");
      await page.getByRole("row", { name: "Tea" }).getByText("+1 h").waitFor();
      if (scripts) await assertGood(page);
      await press("Back to the form");
      assert.equal(await page.getByLabel("What you did").inputValue(), "Tea");
      await press("See what changes");
      await press("Save");
      await status("What you did is saved");
      const day = page.url();
      for (let tries = 0; (await page.getByRole("link", { name: "Tea" }).count()) === 0; tries += 1) {
        assert.ok(tries < 100, "what was done does not appear");
        await page.waitForTimeout(50);
        await page.goto(day);
      }
      await page.goto(`${server.url}/corrections/new`);
      await page.getByLabel("Forget whatever was seen").check();
      await page.getByLabel("What you did").waitFor({ state: "hidden" });
      await press("See what changes");
      await picture(page, `erasure-${how}-scripts`);
      if (scripts) await assertGood(page);
      await press("Erase it for good");
      await page.getByRole("alert").getByText("Tick this first").waitFor();
      await page.getByLabel("I know that this is final").check();
      await press("Erase it for good");
      await status("The time is erased");
    });

    it("history comes in by a file, after it was shown what the file has", async () => {
      const day = date(-400);
      const event = { timestamp: `${day}T09:00:00Z`, duration: 1800, data: { app: "Old editor", title: "nobody's business" } };
      const bucket = { id: "w", type: "currentwindow", client: "aw-watcher-window", hostname: "old-pc", events: [event] };
      const file = { name: "old.json", mimeType: "application/json", buffer: Buffer.from(JSON.stringify({ buckets: { w: bucket } })) };
      const choose = (/** @type {typeof file} */ chosen) => page.getByLabel("The file").setInputFiles(chosen);
      await page.goto(`${server.url}/settings/data`);
      await page.getByRole("link", { name: "Bring history in" }).click();
      if (!scripts) {
        await choose({ ...file, buffer: Buffer.alloc(33 * 2 ** 20, " ") });
        await press("See what it has");
        await page.getByRole("alert").getByText("The file has more than 32 MiB").waitFor();
      }
      await choose(file);
      await press("See what it has");
      await page.getByRole("row", { name: "Apps in front" }).getByText("old-pc").waitFor();
      if (scripts) await assertGood(page);
      await picture(page, `history-${how}-scripts`);
      // With scripts it is chosen still.
      if (!scripts) await choose(file);
      await press("Bring it in");
      await page.getByRole("heading", { name: "old.json is in" }).waitFor();
      if (scripts) await assertGood(page);
      await picture(page, `history-in-${how}-scripts`);
      for (let tries = 0; ; tries += 1) {
        await page.goto(`${server.url}/day/${day}`);
        if ((await page.locator(".ranks").getByRole("link", { name: "Old editor" }).count()) > 0) break;
        assert.ok(tries < 100, "what came in does not appear");
        await page.waitForTimeout(50);
      }
    });

    it("a device that shows a code is let in", async () => {
      const asked = await new Person(server.url, "", "").ask("POST", "/auth/device", { device_id: "tv" });
      await page.goto(asked.verification_uri_complete);
      await page.locator("dd", { hasText: asked.user_code }).waitFor();
      if (scripts) await assertGood(page);
      await press("Approve");
      assert.equal(await heading(), "The device is approved");
    });

    it("a key is deleted", async () => {
      await page.goto(`${server.url}/devices`);
      await page.getByText("Delete the key workstation").click();
      await press("Delete for good");
      await page.getByText("None. A tracker that should not know your password").waitFor();
    });

    it("signing out leaves nothing behind", async () => {
      await page.goto(`${server.url}/settings`);
      await press("Sign out");
      await page.waitForURL(`${server.url}/sign-in`);
      await page.goBack();
      await page.waitForURL(/\/sign-in/);
    });

    it("a wrong password is told, and the right one leads to what was asked for", async () => {
      await page.goto(`${server.url}/week/2026-W40`);
      await page.getByLabel("E-mail").fill(`grace-${how}@example.org`);
      await page.getByLabel("Password").fill("nothing like it");
      await press("Sign in");
      await page.getByRole("alert").waitFor();
      if (scripts) await assertGood(page);
      await page.getByLabel("Password").fill(PASSWORD);
      await press("Sign in");
      await page.waitForURL(`${server.url}/week/2026-W40`);
    });
  });
}

it("the zone of the browser is offered once", async () => {
  const bob = await Person.register(server.url, "bob", "Asia/Kolkata");
  await bob.track(workingDay(date(-1)));
  const open = async (/** @type {string} */ timezoneId) => {
    const context = await fresh(browser, { timezoneId });
    const page = await context.newPage();
    await signIn(page, server.url, bob.email);
    return { page, offer: page.locator("form.offer"), context };
  };
  // The same zone by its older name.
  const home = await open("Asia/Calcutta");
  assert.ok(await home.offer.isHidden());
  const { page, offer, context } = await open("Asia/Tokyo");
  await offer.getByText("your days are in Asia/Kolkata").waitFor();
  await picture(page, "zone-offer");
  await assertGood(page);
  await offer.getByRole("button", { name: "Keep Asia/Kolkata" }).click();
  await page.reload();
  assert.ok(await offer.isHidden());
  await page.evaluate(() => localStorage.clear());
  await page.reload();
  await offer.getByRole("button", { name: "Use Asia/Tokyo" }).click();
  await page.getByText("Times in Asia/Tokyo.").waitFor();
  assert.ok(await offer.isHidden());
  await Promise.all([home.context.close(), context.close()]);
});

it("a sample day is tried, and goes without a trace", async () => {
  const eve = await Person.register(server.url, "eve");
  const context = await fresh(browser);
  const page = await context.newPage();
  await signIn(page, server.url, eve.email);
  await picture(page, "begin");
  await page.getByRole("button", { name: "Try with a sample day" }).click();
  await page.locator(".ranks").getByRole("link", { name: "Code" }).waitFor();
  await page.getByText("is made up, for you to look around").waitFor();
  await picture(page, "sample");
  await assertGood(page);
  await page.getByRole("button", { name: "Remove it" }).click();
  await page.getByRole("button", { name: "Try with a sample day" }).waitFor();
  await context.close();
});

it("without scripts every page has all there is to read", async () => {
  const ada = await Person.register(server.url, "ada");
  const day = date(-1);
  await ada.track(workingDay(day));
  const context = await fresh(browser, { javaScriptEnabled: false });
  const page = await context.newPage();
  await signIn(page, server.url, ada.email);
  const pages = [
    [`/day/${day}`, "Counted"],
    [`/day/${day}?view=list`, "08:02 – 09:10"],
    [`/range?from=${day}&to=${day}`, "As a table"],
    ["/year", "Busiest days"],
    [`/app/Code?from=${day}&to=${day}`, "dayline"],
    ["/domain/github.com", "Seen in"],
    ["/project/dayline", "Seen in"],
    [`/why?at=${day}T09:12:00Z`, "another device was turned to later"],
    [`/work-hours?from=${day}&to=${day}`, "16:44"],
    ["/corrections", "None."],
    ["/devices", "this browser"],
    ["/connect", "With a code"],
    ["/settings", "How time counts"],
    ["/settings/categories", "A new category"],
    ["/settings/data/history", "A larger one"],
    ["/settings/aliases", "Another app"],
  ];
  for (const [path, shown] of pages) {
    await page.goto(server.url + path);
    assert.ok((await page.locator("main").innerText()).includes(/** @type {string} */ (shown)), `${path}: ${shown}`);
    assert.equal(await page.locator("[hidden]:visible").count(), 0, `${path} shows what works with scripts alone`);
  }
  await context.close();
});
