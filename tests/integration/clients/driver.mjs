// Does what a test tells the TypeScript client to do, and prints what came of it, as `drivers.py` does for the Python clients.
import { readFileSync } from "node:fs";

const { client, url, tokens, tries, calls, together, cursor } = JSON.parse(readFileSync(0, "utf8"));
const { createStar, Feed, StarError } = await import(client);

const waits = [];
const left = [...tokens];
const token = left.length === 1 ? left[0] : async () => left.shift();
const star = createStar({ baseUrl: url, token, tries, sleep: async (milliseconds) => void waits.push(milliseconds / 1000) });

const record = "6f1b8a54-3a52-5e0e-9d3e-0a35b9a3d1a0";
const todo = {
  read: () => star.GET("/thresholds/v1/star-records/{record_id}", { params: { path: { record_id: record } } }),
  events: () => star.GET("/thresholds/v1/events", { params: { query: { after: "77" } } }),
  post: (key) =>
    star.POST("/thresholds/v1/star-records/{record_id}/responses", {
      params: { path: { record_id: record }, header: key === undefined ? {} : { "Idempotency-Key": key } },
      body: { activity: "conversation-with-whanau", occurred_on: "2026-10-19", staff: "Ms Example" },
    }),
  feed: async () => {
    const ids = [];
    for await (const event of new Feed(star, cursor)) ids.push(event.id);
    return { data: ids };
  },
};

async function outcome([name, key]) {
  try {
    return { data: (await todo[name](key)).data };
  } catch (error) {
    if (error instanceof StarError) {
      return { status: error.status, kind: error.kind, read_from: error.readFrom ?? null };
    }
    return { lost: true };
  }
}

const outcomes = [];
if (together) {
  outcomes.push(...(await Promise.all(calls.map(outcome))));
} else {
  for (const call of calls) outcomes.push(await outcome(call));
}
console.log(JSON.stringify({ waits, drawn: tokens.length - left.length, outcomes }));
