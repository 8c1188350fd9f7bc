import { HOUR_MS, type Instant, MINUTE_MS, SECOND_MS } from "../../domain/instant.ts";
import type { FaultBook, Target } from "./book.ts";

/**
 * When the message that a device made at an instant reaches the broker: once and at once, unless a fault holds it back or
 * sends it again. In order of time.
 */
export function deliveriesOf(faults: FaultBook, target: Target, at: Instant): readonly Instant[] {
  if (faults.faults.length === 0) return [at];
  let first = at;
  const reordered = faults.at("reordered-uplink", target, at);
  if (reordered !== null) {
    // By a lot of the message's own, so that two of them change places.
    const lot = faults.lot("reordered-uplink", target, Math.floor(at / SECOND_MS));
    first = Math.floor(first + lot * faults.param("reordered-uplink", "by") * MINUTE_MS) as Instant;
  }
  const delayed = faults.at("delayed-uplink", target, at);
  if (delayed !== null) first = Math.max(first, delayed.to) as Instant;
  const deliveries = [first];
  if (faults.at("duplicate-uplink", target, at) !== null)
    deliveries.push((first + faults.param("duplicate-uplink", "after") * SECOND_MS) as Instant);
  const kept = (at + faults.param("gateway-restart", "kept") * HOUR_MS) as Instant;
  for (const { from } of faults.begun("gateway-restart", target, at, kept)) if (from > first) deliveries.push(from);
  return deliveries.sort((a, b) => a - b);
}
