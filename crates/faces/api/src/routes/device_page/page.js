// The page on which a person approves a device. The access token lives in this script's memory alone; the refresh
// token in a cookie that scripts can't read. Nothing is approved without a click.
"use strict";

const $ = (id) => document.getElementById(id);
const STEPS = ["sign-in", "enter", "decide", "done"];
const BROWSER = "dayline-browser";

let accessToken = null;
let shownCode = null;

/** Asks the API; an answer that is none, or a refusal, is thrown as an Error for people, with the status. */
async function ask(method, path, { body, signedIn = false } = {}) {
  const headers = {};
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (signedIn) headers.Authorization = `Bearer ${accessToken}`;
  let answer;
  try {
    answer = await fetch(`/api/v1${path}`, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      cache: "no-store",
    });
  } catch {
    throw new Error("The server can't be reached. Check the connection and try again.");
  }
  if (answer.status === 204) return null;
  const json = await answer.json().catch(() => ({}));
  if (answer.ok) return json;
  throw Object.assign(new Error(explain(json, answer)), { status: answer.status });
}

function explain(problem, answer) {
  if (answer.status === 429 || answer.status === 503) {
    const seconds = Number(answer.headers.get("Retry-After")) || 10;
    return `Too many tries, or the server is busy. Try again in ${seconds} seconds.`;
  }
  if (problem.code === "invalid_credentials") return "The e-mail or the password is wrong.";
  const wrong = (problem.errors || []).map(({ field, detail }) => (field === "user_code" ? `This ${detail}` : `${field} ${detail}`));
  return `${wrong.join("; ") || problem.detail || `the server answered ${answer.status}`}.`;
}

/** With the access token; if that has ended, once more with a new one. */
async function askSignedIn(method, path, body) {
  try {
    return await ask(method, path, { body, signedIn: true });
  } catch (error) {
    if (error.status !== 401) throw error;
    await refresh();
    return ask(method, path, { body, signedIn: true });
  }
}

async function refresh() {
  accessToken = null;
  try {
    accessToken = (await ask("POST", "/auth/refresh")).access_token;
  } catch (error) {
    // No cookie, or not any more: it comes to the same.
    if ([401, 403, 422].includes(error.status)) error.status = 401;
    throw error;
  }
}

/** Names this browser among the person's devices; the same each time, so that it has one session. */
function browserId() {
  try {
    let id = localStorage.getItem(BROWSER);
    if (!id) localStorage.setItem(BROWSER, (id = newId()));
    return id;
  } catch {
    return newId();
  }
}

function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(8));
  return `browser-${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

function say(text, isProblem = false) {
  const message = $("message");
  message.textContent = text;
  message.classList.toggle("problem", isProblem);
  message.hidden = !text;
}

function show(step) {
  for (const id of STEPS) $(id).hidden = id !== step;
  $("account").hidden = accessToken === null;
  const first = $(step).querySelector("input");
  // Never the button that approves: a key that was pressed for something else must not press it.
  (first || $(step).querySelector("h2")).focus();
}

/** One request at a time; what goes wrong is said, and a session that ended leads back to signing in. */
async function doing(work, field) {
  const buttons = document.querySelectorAll("button");
  for (const button of buttons) button.disabled = true;
  for (const input of document.querySelectorAll("input")) input.removeAttribute("aria-invalid");
  say("");
  try {
    await work();
  } catch (error) {
    const ended = error.status === 401 && field !== "password";
    if (ended) {
      accessToken = null;
      show("sign-in");
    }
    say(ended ? "Your session has ended. Sign in again." : error.message, true);
    if (field && !ended) {
      $(field).setAttribute("aria-invalid", "true");
      $(field).focus();
    }
  } finally {
    for (const button of buttons) button.disabled = false;
  }
}

async function signedIn() {
  $("who").textContent = (await askSignedIn("GET", "/users/me")).email;
  show("enter");
}

async function signIn() {
  const tokens = await ask("POST", "/auth/login", {
    body: {
      email: $("email").value.trim(),
      password: $("password").value,
      device_id: browserId(),
      device_name: "Browser",
    },
  });
  accessToken = tokens.access_token;
  $("password").value = "";
  await signedIn();
}

async function lookUp() {
  const code = encodeURIComponent($("code").value.trim());
  const device = await askSignedIn("GET", `/auth/device?user_code=${code}`);
  shownCode = device.user_code;
  $("device-code").textContent = device.user_code;
  // Each in an element of its own: one that is written from right to left must not turn the other around.
  $("device-name").textContent = device.device_name || device.device_id;
  $("device-id").textContent = device.device_id;
  $("device-aside").hidden = !device.device_name;
  $("device-address").textContent = device.address || "unknown";
  $("device-asked").textContent = new Date(device.created_at).toLocaleTimeString();
  show("decide");
}

async function decide(approve) {
  await askSignedIn("POST", "/auth/device/approve", { user_code: shownCode, approve });
  const [title, text] = approve
    ? ["The device is approved", "It signs itself in within a few seconds. You can close this page."]
    : ["The device is refused", "It gets nothing of yours. If you don't know who asked, there is nothing else to do."];
  $("done").querySelector("h2").textContent = title;
  $("done").querySelector("p").textContent = text;
  $("code").value = "";
  show("done");
}

async function signOut() {
  await askSignedIn("POST", "/auth/logout");
  accessToken = null;
  show("sign-in");
}

function onSubmit(form, work, field) {
  $(form).addEventListener("submit", (event) => {
    event.preventDefault();
    doing(work, field);
  });
}

async function start() {
  onSubmit("sign-in", signIn, "password");
  onSubmit("enter", lookUp, "code");
  onSubmit("decide", async () => {});
  $("approve").addEventListener("click", () => doing(() => decide(true)));
  $("deny").addEventListener("click", () => doing(() => decide(false)));
  $("sign-out").addEventListener("click", () => doing(signOut));
  $("again").addEventListener("click", () => show("enter"));
  $("code").value = new URLSearchParams(location.search).get("user_code") || "";
  try {
    await refresh();
    await signedIn();
  } catch (error) {
    accessToken = null;
    show("sign-in");
    if (error.status !== 401) say(error.message, true);
  }
}

start();
