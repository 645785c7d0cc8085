// A vendor's morning, told by the client alone: marks in, a crossing out, a response in. The addresses come from the environment.
import { createStar, pages, Feed, StarError, verify } from "./dist/index.js";

const { STAR_URL, STAR_TOKEN, STAR_SCHOOL: school, STAR_MARKS, STAR_CURSOR, STAR_WEBHOOK } = process.env;
let asked = 0;
const star = createStar({ baseUrl: STAR_URL, token: async () => (asked++ === 0 ? "stale" : STAR_TOKEN) });

const uploaded = await star.uploadMarks(school, JSON.parse(STAR_MARKS));
const records = async () => {
  const found = [];
  const list = (cursor) => star.GET("/thresholds/v1/schools/{school}/star-records", { params: { path: { school }, query: { limit: 1, cursor } } });
  for await (const record of pages(async (cursor) => (await list(cursor)).data)) {
    found.push(record);
  }
  return found;
};
let found = await records();
for (const deadline = Date.now() + 60_000; found.length < 2 && Date.now() < deadline; found = await records()) {
  await new Promise((done) => setTimeout(done, 200));
}
const body = { activity: "conversation-with-whanau", occurred_on: found[0].crossed_on, staff: "Ms Example" };
const { data: answered } = await star.POST("/thresholds/v1/star-records/{record_id}/responses", { params: { path: { record_id: found[0].id } }, body });

const crossings = [];
for (const deadline = Date.now() + 60_000; crossings.length < 2 && Date.now() < deadline; ) {
  for await (const event of new Feed(star, STAR_CURSOR)) {
    if (event.type === "nz.star.threshold.crossed.v1") crossings.push(event.data.threshold);
  }
}
let refusal = "";
try {
  await star.GET("/thresholds/v1/star-records/{record_id}", { params: { path: { record_id: "6f1b8a54-3a52-5e0e-9d3e-0a35b9a3d1a0" } } });
} catch (error) {
  refusal = error instanceof StarError ? `${error.status} ${error.kind}` : String(error);
}
const webhook = JSON.parse(STAR_WEBHOOK);
const verified = verify(webhook.secret, webhook.headers, webhook.body).type;
let forged = "";
try {
  verify(webhook.secret, webhook.headers, `${webhook.body} `);
} catch (error) {
  forged = error.constructor.name;
}
console.log(JSON.stringify({ uploaded, asked, records: found.length, answered: answered.responses.length, crossings, refusal, verified, forged }));
