// Many people whose trackers send pings, some of whom have pages open, which fetch themselves again when they hear of a
// change: how long do the pings take with these pages, and without?
import { setTimeout as pause } from "node:timers/promises";
import { Worker } from "node:worker_threads";

import { date } from "./days.js";
import { Person } from "./person.js";

/** So many people send a ping each so many milliseconds; the first of them have pages open. */
const [PEOPLE, EACH, WATCHING, PAGES_EACH] = [40, 2_000, 10, 10];
/** How often it is measured with pages and without, and for how long, in milliseconds. */
const [ROUNDS, LONG] = [2, 20_000];

/** @param {string} url */
export async function crowd(url) {
  const people = [];
  for (let n = 0; n < PEOPLE; n += 1) people.push(await Person.register(url, `one-of-many-${n}`));
  const pings = new Pings(people);
  const tokens = people.slice(0, WATCHING).map(({ token }) => token);
  /** @type {number[]} */
  const alone = [];
  /** @type {number[]} */
  const beside = [];
  let fetched = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    alone.push(...(await pings.send()));
    const pages = await open(url, tokens);
    beside.push(...(await pings.send()));
    fetched += await pages.close();
  }
  return { alone, beside, pages: WATCHING * PAGES_EACH, refetched: (fetched / ROUNDS / LONG) * 1_000 };
}

class Pings {
  /** @param {Person[]} people */
  constructor(people) {
    this.people = people;
    this.sent = 0;
  }

  /**
   * Sends pings for a while.
   * @returns {Promise<number[]>} how long each took, in milliseconds
   */
  async send() {
    /** @type {Promise<number>[]} */
    const took = [];
    const start = performance.now();
    for (let n = 0; n * (EACH / PEOPLE) < LONG; n += 1) {
      const due = start + n * (EACH / PEOPLE);
      await pause(Math.max(0, due - performance.now()));
      took.push(this.#one(/** @type {Person} */ (this.people[n % PEOPLE])));
    }
    return Promise.all(took);
  }

  /** @param {Person} who */
  async #one(who) {
    this.sent += 1;
    const at = Date.parse(`${date(-1)}T08:00:00Z`) + Math.floor(this.sent / PEOPLE) * 10_000;
    const ping = { app_name: "Code", start_time: new Date(at).toISOString(), end_time: new Date(at + 10_000).toISOString() };
    const start = performance.now();
    await who.ask("POST", "/usage/track", ping);
    return performance.now() - start;
  }
}

/**
 * Opens pages, in a thread of their own, so that what they do is not measured with the pings.
 * @param {string} url
 * @param {string[]} tokens
 */
async function open(url, tokens) {
  const data = { url, path: `/day/${date(-1)}`, tokens: tokens.flatMap((token) => Array(PAGES_EACH).fill(token)) };
  const worker = new Worker(new URL("./open_pages.js", import.meta.url), { workerData: data });
  const said = () => new Promise((resolve, reject) => void worker.once("message", resolve).once("error", reject));
  await said();
  return {
    /** @returns {Promise<number>} how often they were fetched */
    close: async () => {
      const fetched = said();
      worker.postMessage("close");
      const many = await fetched;
      await worker.terminate();
      return many;
    },
  };
}
