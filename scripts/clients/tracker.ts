// What a tracker and a page do, by a client that openapi-typescript made of the API document. No cast, no `any`: what this
// relies on is in the types.
import createClient from "openapi-fetch";
import type { paths } from "./dayline.js";

declare const process: { argv: string[] };

const url = process.argv[2];
const client = createClient<paths>({ baseUrl: url });

function must<T>(value: T | undefined, what: unknown): T {
  if (value === undefined) throw new Error(`no answer: ${JSON.stringify(what)}`);
  return value;
}

const password = "tea at half past four";
const email = `typescript-${Date.now()}@example.org`;
const registered = await client.POST("/api/v1/users", { body: { email, password, full_name: "Ada" } });
must(registered.data, registered.error);

const signedIn = await client.POST("/api/v1/auth/login", { body: { email, password, device_id: "laptop" } });
const tokens = must(signedIn.data, signedIn.error);
client.use({
  onRequest({ request }) {
    request.headers.set("Authorization", `Bearer ${tokens.access_token}`);
    return request;
  },
});

const end = new Date();
const start = new Date(end.getTime() - 5000);
const tracked = await client.POST("/api/v1/usage/track", {
  body: { app_name: "Editor", start_time: start.toISOString(), end_time: end.toISOString() },
});
if (must(tracked.data, tracked.error).accepted !== 1) throw new Error("not accepted");

const from = start.toISOString().slice(0, 10);
const to = end.toISOString().slice(0, 10);
async function seconds(): Promise<number> {
  const answer = await client.GET("/api/v1/report/apps", { params: { query: { from, to } } });
  const items = must(answer.data, answer.error).items;
  return items.filter((item) => item.app_name === "Editor").reduce((sum, item) => sum + item.seconds, 0);
}
for (let tries = 0; (await seconds()) !== 5; tries++) {
  if (tries > 100) throw new Error("the ping is in no report");
  await new Promise((done) => setTimeout(done, 100));
}

const exported = await client.GET("/api/v1/users/me/export.json");
let editor = 0;
for (const line of must(exported.data, exported.error).lines) {
  if (line.type === "interval" && line.app_name === "Editor") editor += 1;
}
if (editor === 0) throw new Error("the export has no interval");

const asked = await client.POST("/api/v1/report/jobs", { body: { kind: "apps", from, to } });
const id = must(asked.data, asked.error).id;
for (let tries = 0; ; tries++) {
  const looked = await client.GET("/api/v1/report/jobs/{id}", { params: { path: { id } } });
  if (must(looked.data, looked.error).status === "done") break;
  if (tries > 100) throw new Error("the job is not done");
  await new Promise((done) => setTimeout(done, 100));
}
const answered = await client.GET("/api/v1/report/jobs/{id}/result", { params: { path: { id } } });
const result = must(answered.data, answered.error);
if (!("total_seconds" in result) || result.total_seconds !== 5) throw new Error("the job has another result");

const refused = await client.PATCH("/api/v1/users/me", { body: { email: "new@example.org", password: "wrong" } });
if (refused.error?.code !== "invalid_input") throw new Error("a wrong password is taken");
await client.POST("/api/v1/auth/logout");
console.log("TypeScript: signed in, tracked, reported, exported");
