// Somebody who has an account and trackers, by the API.
import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";

export const PASSWORD = "a long enough secret";

/**
 * What a tracker saw: an app, from and to an instant, and what else the API takes.
 * @typedef {{ app_name?: string, start_time: string, end_time: string, [field: string]: unknown }} Ping
 */

export class Person {
  /**
   * @param {string} url of the server
   * @param {string} email
   * @param {string} token
   */
  constructor(url, email, token) {
    this.url = url;
    this.email = email;
    this.token = token;
  }

  /**
   * Registers somebody.
   * @param {string} url
   * @param {string} name
   * @param {string} timezone
   */
  static async register(url, name, timezone = "UTC") {
    const email = `${name}@example.org`;
    await ask(url, "POST", "/users", { email, password: PASSWORD, full_name: name, timezone });
    const signIn = { email, password: PASSWORD, device_id: "tracker" };
    const { access_token } = await ask(url, "POST", "/auth/login", signIn);
    return new Person(url, email, access_token);
  }

  /**
   * Asks the API as this person.
   * @param {string} method
   * @param {string} path
   * @param {unknown} [body]
   */
  ask(method, path, body) {
    return ask(this.url, method, path, body, this.token);
  }

  /**
   * Tracks, and waits until the day of the last ping shows it.
   * @param {Ping[]} pings
   */
  async track(pings) {
    for (let at = 0; at < pings.length; at += 1_000) {
      const answer = await this.ask("POST", "/usage/track", pings.slice(at, at + 1_000));
      assert.deepEqual(answer.rejected ?? [], []);
    }
    const last = pings.at(-1);
    if (!last) return;
    const path = `/usage/timeline?from=${last.start_time}&to=${last.end_time}&outranked=true`;
    for (let tries = 0; tries < 400; tries += 1) {
      const { intervals, outranked } = await this.ask("GET", path);
      if (intervals.length + outranked.length > 0) return;
      await pause(25);
    }
    throw new Error("what was tracked does not appear");
  }
}

/**
 * @param {string} url
 * @param {string} method
 * @param {string} path
 * @param {unknown} body
 * @param {string} [token]
 * @returns {Promise<any>}
 */
async function ask(url, method, path, body, token) {
  /** @type {Record<string, string>} */
  const headers = { "content-type": "application/json" };
  if (token) headers["authorization"] = `Bearer ${token}`;
  const init = { method, headers, body: body === undefined ? null : JSON.stringify(body) };
  const answer = await fetch(`${url}/api/v1${path}`, init);
  const text = await answer.text();
  assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${text}`);
  return text ? JSON.parse(text) : undefined;
}
