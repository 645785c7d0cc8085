/** The reader of the events feed, which keeps its cursor. */

import { inFile } from "#files";

import { StarError, type Star } from "./index.js";
import type { components } from "./schema.js";

export type StarEvent = components["schemas"]["CloudEvent"];

export interface Cursor {
  cursor: string | null;
  /** Ids of the last events, to pass over those that come again after a restore of the engine's database. */
  known: string[];
}

/** Where a cursor is kept. */
export interface CursorStore {
  load(): Promise<Cursor>;
  save(cursor: Cursor): Promise<void>;
}

const KNOWN = 1_000;

/**
 * Events, oldest first, each once. An event counts as handled when the next one is asked for. Without `wait` it ends where the feed
 * ends; with `wait` seconds, where an outage of the engine outlasts the `tries` of the client.
 */
export class Feed implements AsyncIterable<StarEvent> {
  constructor(
    private readonly star: Star,
    private readonly store: CursorStore | string,
    private readonly wait = 0,
  ) {}

  async *[Symbol.asyncIterator](): AsyncGenerator<StarEvent> {
    const store = typeof this.store === "string" ? inFile(this.store) : this.store;
    const kept = await store.load();
    let cursor = kept.cursor;
    const known = new Set(kept.known);
    const save = () => store.save({ cursor, known: [...known] });
    for (;;) {
      const page = await this.page(cursor);
      if (typeof page === "string") {
        cursor = page;
        continue;
      }
      for (const event of page.items) {
        if (!known.has(event.id)) {
          yield event;
          known.add(event.id);
          if (known.size > KNOWN) known.delete(known.values().next().value as string);
          await save();
        }
      }
      cursor = page.next;
      await save();
      if (page.items.length === 0 && this.wait === 0) {
        return;
      }
    }
  }

  /** A page, or the cursor to read from after a restore. */
  private async page(cursor: string | null): Promise<components["schemas"]["EventPage"] | string> {
    try {
      const query = { limit: 500, wait: this.wait, ...(cursor === null ? {} : { after: cursor }) };
      const { data } = await this.star.GET("/thresholds/v1/events", { params: { query }, headers: { Accept: "application/json" } });
      return data as components["schemas"]["EventPage"];
    } catch (error) {
      if (error instanceof StarError && error.readFrom !== undefined) {
        return error.readFrom;
      }
      throw error;
    }
  }
}
