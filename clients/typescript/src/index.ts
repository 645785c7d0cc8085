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

  /** The cursor to read the feed from when the one that was sent is of another history (410); undefined for other refusals. */
  get readFrom(): string | undefined {
    return "read_from" in this.problem ? String(this.problem.read_from) : undefined;
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
/** Milliseconds. A server that asks for more is asked again after these. */
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
  const tokens = new Tokens(options.token);

  return async (request: Request): Promise<Response> => {
    const body = request.body === null ? undefined : await request.arrayBuffer();
    const headers = new Headers(request.headers);
    if (request.method === "POST" && !headers.has("Idempotency-Key")) {
      // Drawn once: the same for each attempt, so that a repeated post makes one thing.
      headers.set("Idempotency-Key", crypto.randomUUID());
    }
    let renewed = false;
    for (let attempt = 1; ; ) {
      const token = await tokens.current();
      headers.set("Authorization", `Bearer ${token}`);
      let answer: Response | undefined;
      try {
        answer = await send(addressOf(request.url, options), { method: request.method, headers, ...(body === undefined ? {} : { body }) });
      } catch (error) {
        if (attempt >= tries) {
          throw error;
        }
      }
      if (answer !== undefined) {
        if (answer.status === 401 && tokens.renewable && !renewed) {
          tokens.forget(token);
          renewed = true;
          continue;
        }
        if (!AGAIN.has(answer.status) || attempt >= tries) {
          return answer;
        }
      }
      await sleep(waitBefore(attempt, answer));
      attempt++;
    }
  };
}

/** The token in use. Many requests at once get one new token between them. */
class Tokens {
  readonly renewable: boolean;
  private asked: Promise<string> | undefined;
  private held: string | undefined;

  constructor(private readonly source: Options["token"]) {
    this.renewable = typeof source === "function";
  }

  async current(): Promise<string> {
    if (typeof this.source === "string") {
      return this.source;
    }
    if (this.held !== undefined) {
      return this.held;
    }
    this.asked ??= this.source()
      .then((token) => (this.held = token))
      .finally(() => (this.asked = undefined));
    return this.asked;
  }

  /** Drops a token that no longer holds, unless another request has put a new one in its place. */
  forget(refused: string): void {
    if (this.held === refused) {
      this.held = undefined;
    }
  }
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
  const asked = answer === undefined ? undefined : askedWait(answer);
  return Math.min(asked ?? 2 ** attempt * 1000 * (0.5 + Math.random() / 2), LONGEST_WAIT);
}

/** Milliseconds by `Retry-After`, which is a number or a date (RFC 9110, 10.2.3). Undefined without one that can be read. */
function askedWait(answer: Response): number | undefined {
  const after = (answer.headers.get("retry-after") ?? "").trim();
  if (/^\d+$/.test(after)) {
    return Number(after) * 1000;
  }
  const until = dateOf(after);
  // The server's own clock counts: this machine's may be wrong.
  return until === undefined ? undefined : Math.max(until - (dateOf(answer.headers.get("date") ?? "") ?? Date.now()), 0);
}

function dateOf(text: string): number | undefined {
  // Date.parse alone would take "1.5" for a day.
  const read = / GMT$/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(read) ? undefined : read;
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
