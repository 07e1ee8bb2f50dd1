// Pages that are open as in a browser, without the browser: each follows the stream of changes and fetches itself again,
// once a second at most. A thread of `crowd.js`.
import { Agent, get } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { parentPort, workerData } from "node:worker_threads";

const { url, path, tokens } = /** @type {{ url: string, path: string, tokens: string[] }} */ (workerData);
/** What the cookie of a page's session is called on the machine itself. */
const COOKIE = "dayline";
/** Pages fetch themselves again at most this often, in milliseconds. */
const PACE = 1_000;

const agent = new Agent({ keepAlive: true, maxSockets: tokens.length });
let [fetched, closed] = [0, false];

/**
 * @param {string} path
 * @param {string} token
 * @param {Record<string, string>} more
 * @returns {Promise<import("node:http").IncomingMessage>}
 */
function ask(path, token, more) {
  const headers = { cookie: `${COOKIE}=${token}`, "sec-fetch-site": "same-origin", "accept-encoding": "gzip", ...more };
  const own = path.startsWith("/api/") ? new Agent() : agent;
  return new Promise((resolve, reject) => get(url + path, { headers, agent: own }, resolve).on("error", reject));
}

/** @param {string} token */
async function page(token) {
  let [tag, wanted] = ["", true];
  const fetching = (async () => {
    while (!closed) {
      await pause(wanted ? 0 : 20);
      if (!wanted) continue;
      wanted = false;
      const answer = await ask(path, token, { "sec-fetch-dest": "empty", ...(tag ? { "if-none-match": tag } : {}) });
      for await (const _ of answer);
      if (answer.statusCode !== 200 && answer.statusCode !== 304) throw new Error(`${path}: ${answer.statusCode}`);
      tag = answer.headers.etag ?? "";
      fetched += 1;
      await pause(PACE);
    }
  })();
  const stream = await ask("/api/v1/live", token, {});
  if (stream.statusCode !== 200) throw new Error(`/api/v1/live: ${stream.statusCode}`);
  stream.on("data", (text) => (wanted ||= String(text).includes("event: changed")));
  return fetching;
}

const pages = tokens.map(page);
for (const open of pages) open.catch((error) => setImmediate(() => { throw error; }));
await pause(2_000);
fetched = 0;
parentPort?.postMessage("open");
parentPort?.once("message", () => {
  closed = true;
  parentPort?.postMessage(fetched);
});
