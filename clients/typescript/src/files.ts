/** A file that keeps the cursor of a feed: Node.js. */

import { readFile, rename, writeFile } from "node:fs/promises";

import type { Cursor, CursorStore } from "./feed.js";

/** Keeps the cursor in a file. */
export function inFile(path: string): CursorStore {
  return {
    async load() {
      try {
        return JSON.parse(await readFile(path, "utf8")) as Cursor;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ENOENT") {
          return { cursor: null, known: [] };
        }
        throw error;
      }
    },
    async save(cursor) {
      await writeFile(`${path}.new`, JSON.stringify(cursor));
      await rename(`${path}.new`, path);
    },
  };
}
