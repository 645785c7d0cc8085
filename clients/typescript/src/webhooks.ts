/** Webhooks, verified by the library of Standard Webhooks. */

import { Webhook } from "standardwebhooks";

import type { StarEvent } from "./feed.js";

/** A webhook that is not from the engine, or too old. */
export class WebhookError extends Error {}

/**
 * The event of a request that the engine signed. Throws WebhookError for any other.
 * While a secret is rotated, give the old one and the new one. Deliveries can come twice: `id` tells them.
 */
export function verify(secrets: string | string[], headers: Record<string, string>, body: string): StarEvent {
  const lowered = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  let last: unknown;
  for (const secret of [secrets].flat()) {
    try {
      return new Webhook(secret).verify(body, lowered) as StarEvent;
    } catch (error) {
      last = error;
    }
  }
  throw new WebhookError(String(last));
}
