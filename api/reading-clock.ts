import { DAY_MS, type Instant, instant, MINUTE_MS, SECOND_MS } from "../domain/instant.ts";

/** Below this the way through the network looks like a wrong clock: the phone's time is taken as it is. Our choice. */
const CLOCK_TRUSTED_MS = 30 * SECOND_MS;
/** Beyond this a reader is told to put the phone right. */
export const CLOCK_WRONG_MS = 5 * MINUTE_MS;
/** A phone that came back after a quarter's walk; what is older is an import. Our choice. */
const OLDEST_MS = 92 * DAY_MS;

/** When a dial was read by our clock: by the phone's, corrected by their difference where that is visibly off. */
export function momentOf(
  phoneAt: Instant,
  { phoneNow, now }: { readonly phoneNow: Instant; readonly now: Instant },
): Instant | "future" | "too_old" {
  if (phoneAt > phoneNow + CLOCK_TRUSTED_MS) return "future";
  const offset = now - phoneNow;
  const at = Math.min(Math.abs(offset) > CLOCK_TRUSTED_MS ? phoneAt + offset : phoneAt, now);
  return now - at > OLDEST_MS ? "too_old" : instant(at);
}
