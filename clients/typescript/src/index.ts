/** The client of the STAR engine for SMS vendors and partners: all four services. */

import createFetchClient, { type Client, type Middleware } from "openapi-fetch";

import type { components, paths } from "./schema.js";

export type { components, paths } from "./schema.js";
export { verify, WebhookError } from "./webhooks.js";
export { Feed, type Cursor, type CursorStore, type StarEvent } from "./feed.js";

export type Problem = components["schemas"]["Problem"];
export type Mark = components["schemas"]["MarkIn"];
export type Rejected = components["schemas"]["Rejected"];

/** A refusal: `kind` is the end of the problem's type. Go by `status` for a kind that this release does not know. */
export class StarError extends Error {
  readonly kind: string;

  constructor(
    readonly status: number,
    readonly problem: Partial<Problem>,
  ) {
    super(`${status} ${problem.type ?? ""}: ${problem.detail ?? ""}`);
    this.name = "StarError";
    this.kind = (problem.type ?? "").replace("urn:nz-star:problem:", "");
  }
}

export interface Options {
  /** The address of one process, where each service lies under its name. */
  baseUrl: string;
  /** In a cluster, the address of each service: `{ ingest: "https://..." }`. */
  services?: Record<string, string>;
  /** A bearer token, or a function that gets one: it is called again when a token no longer holds. */
  token: string | (() => Promise<string>);
  /** How often a request is tried at most. */
  tries?: number;
  fetch?: typeof globalThis.fetch;
  sleep?: (milliseconds: number) => Promise<void>;
}

export interface Uploaded {
  accepted: number;
  /** The refused marks, with their place among all. */
  rejected: Rejected[];
}

export interface Page<Item> {
  items: Item[];
  next: string | null;
}

export type Star = Client<paths> & {
  /** Any number of marks, as NDJSON. They are taken only as fast as the engine takes them. */
  uploadMarks(school: string, marks: Iterable<Mark> | AsyncIterable<Mark>): Promise<Uploaded>;
};

/** Statuses after which nothing counts: a repetition does no harm, since posts are idempotent. */
const AGAIN = new Set([429, 502, 503, 504]);
const LONGEST_WAIT = 60_000;
const MOST_BYTES = 1024 * 1024;
const MOST_MARKS = 5_000;

/** A client whose `GET`, `POST`... take the paths of the documents, with the service first: `/thresholds/v1/...`. */
export function createStar(options: Options): Star {
  const send = patient(options);
  const client = createFetchClient<paths>({ baseUrl: options.baseUrl.replace(/\/$/, ""), fetch: send });
  const refusing: Middleware = {
    async onResponse({ response }) {
      if (response.status >= 400) {
        throw new StarError(response.status, await problemOf(response));
      }
      return undefined;
    },
  };
  client.use(refusing);
  return Object.assign(client, {
    uploadMarks: (school: string, marks: Iterable<Mark> | AsyncIterable<Mark>) => uploadMarks(client, school, marks),
  });
}

/** All items of a list, page by page. `ask` gets the cursor of the page, and answers the page. */
export async function* pages<Item>(ask: (cursor: string | undefined) => Promise<Page<Item>>): AsyncGenerator<Item> {
  let cursor: string | undefined;
  for (;;) {
    const page = await ask(cursor);
    yield* page.items;
    if (page.next === null) {
      return;
    }
    cursor = page.next;
  }
}

function patient(options: Options): (request: Request) => Promise<Response> {
  const send = options.fetch ?? globalThis.fetch;
  const sleep = options.sleep ?? ((milliseconds: number) => new Promise<void>((done) => setTimeout(done, milliseconds)));
  const tries = options.tries ?? 5;
  let token = typeof options.token === "string" ? options.token : undefined;
  const current = async (): Promise<string> => (token ??= await (options.token as () => Promise<string>)());

  return async (request: Request): Promise<Response> => {
    const body = request.body === null ? undefined : await request.arrayBuffer();
    let renewed = false;
    for (let attempt = 1; ; attempt++) {
      const headers = new Headers(request.headers);
      headers.set("Authorization", `Bearer ${await current()}`);
      let answer: Response | undefined;
      try {
        answer = await send(addressOf(request.url, options), { method: request.method, headers, ...(body === undefined ? {} : { body }) });
      } catch (error) {
        if (attempt >= tries) {
          throw error;
        }
      }
      if (answer !== undefined) {
        if (answer.status === 401 && typeof options.token === "function" && !renewed) {
          token = undefined;
          renewed = true;
          continue;
        }
        if (!AGAIN.has(answer.status) || attempt >= tries) {
          return answer;
        }
      }
      await sleep(waitBefore(attempt, answer));
    }
  };
}

function addressOf(url: string, options: Options): string {
  const base = options.baseUrl.replace(/\/$/, "");
  for (const [service, address] of Object.entries(options.services ?? {})) {
    const prefix = `${base}/${service}/`;
    if (url.startsWith(prefix)) {
      return `${address.replace(/\/$/, "")}/${url.slice(prefix.length)}`;
    }
  }
  return url;
}

function waitBefore(attempt: number, answer: Response | undefined): number {
  const after = answer?.headers.get("retry-after") ?? "";
  if (/^\d+$/.test(after)) {
    return Math.min(Number(after) * 1000, LONGEST_WAIT);
  }
  return Math.min(2 ** attempt * 1000, LONGEST_WAIT) * (0.5 + Math.random() / 2);
}

async function problemOf(response: Response): Promise<Partial<Problem>> {
  try {
    return (await response.clone().json()) as Partial<Problem>;
  } catch {
    return {};
  }
}

async function uploadMarks(
  client: Client<paths>,
  school: string,
  marks: Iterable<Mark> | AsyncIterable<Mark>,
): Promise<Uploaded> {
  const uploaded: Uploaded = { accepted: 0, rejected: [] };
  let lines: string[] = [];
  let first = 0;
  let size = 0;
  let place = 0;
  const flush = async (): Promise<void> => {
    const answer = await sendMarks(client, school, lines.join("\n"));
    uploaded.accepted += answer.accepted;
    uploaded.rejected.push(...answer.rejected.map((rejection) => ({ ...rejection, index: first + rejection.index })));
    [lines, first, size] = [[], place, 0];
  };
  for await (const mark of marks) {
    const line = JSON.stringify(mark);
    if (lines.length > 0 && (size + line.length > MOST_BYTES || lines.length === MOST_MARKS)) {
      await flush();
    }
    lines.push(line);
    size += line.length + 1;
    place++;
  }
  if (lines.length > 0) {
    await flush();
  }
  return uploaded;
}

async function sendMarks(client: Client<paths>, school: string, body: string): Promise<Uploaded> {
  try {
    const { data } = await client.POST("/ingest/v1/schools/{school}/marks", {
      params: { path: { school } },
      headers: { "Content-Type": "application/x-ndjson" },
      body: body as unknown as components["schemas"]["MarksIn"],
      bodySerializer: (text) => text as unknown as string,
    });
    return data as Uploaded;
  } catch (error) {
    if (error instanceof StarError && error.kind === "nothing-accepted") {
      return error.problem as unknown as Uploaded;
    }
    throw error;
  }
}
