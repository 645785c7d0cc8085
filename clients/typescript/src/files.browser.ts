/** The place of `files.ts` in a browser, which has no files: bundlers take this one, by `imports` in package.json. */

import type { CursorStore } from "./feed.js";

/** Throws: a cursor in a browser needs a store of its user's. */
export function inFile(path: string): CursorStore {
  throw new TypeError(`no file ${path} in a browser: give the feed a CursorStore in place of a path`);
}
