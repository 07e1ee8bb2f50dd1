// A Dayline of its own, in a folder that is gone afterwards.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const PROGRAM =
  process.env["DAYLINE"] ?? fileURLToPath(new URL("../../../../../target/debug/dayline", import.meta.url));

/** Without what is an option of the tests or of another server. */
const ENVIRONMENT = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("DAYLINE")));

/** How long a server may take to start, in milliseconds. */
const PATIENCE = 30_000;

/**
 * A server that runs, and can be stopped and started again at the same address.
 * @typedef {{ url: string, stop: () => Promise<void>, start: () => Promise<void>, remove: () => Promise<void> }} Server
 */

/**
 * Starts a server on a free port.
 * @param {string[]} options
 * @returns {Promise<Server>}
 */
export async function serve(options = []) {
  const folder = await mkdtemp(join(tmpdir(), "dayline-browser-"));
  let listen = "127.0.0.1:0";
  /** @type {import("node:child_process").ChildProcess | undefined} */
  let child;
  const start = async () => {
    const file = join(folder, "address");
    await rm(file, { force: true });
    const args = ["serve", "--listen", listen, "--data", join(folder, "data"), "--address-file", file];
    child = spawn(PROGRAM, [...args, "--unlimited", "--log-level", "warn", ...options], { stdio: ["ignore", "ignore", "inherit"], env: ENVIRONMENT });
    listen = await address(file, child);
  };
  const stop = async () => {
    const running = child;
    child = undefined;
    if (!running || running.exitCode !== null) return;
    const gone = new Promise((resolve) => running.once("exit", resolve));
    running.kill("SIGTERM");
    await gone;
  };
  const remove = async () => {
    await stop();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await start();
  } catch (error) {
    await remove();
    throw error;
  }
  return { url: `http://${listen}`, start, stop, remove };
}

/**
 * The address that a server writes when it listens.
 * @param {string} file
 * @param {import("node:child_process").ChildProcess} child
 */
async function address(file, child) {
  /** @type {Error | undefined} */
  let failure;
  child.once("error", (error) => (failure = error));
  for (let waited = 0; waited < PATIENCE; waited += 50) {
    if (failure) throw failure;
    assert.equal(child.exitCode, null, "the server has ended");
    const text = await readFile(file, "utf8").catch(() => "");
    if (text.endsWith("\n")) return text.trim();
    await pause(50);
  }
  throw new Error("the server does not start");
}
