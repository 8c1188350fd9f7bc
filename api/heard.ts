import { DAY_MS, HOUR_MS, type Instant, instant } from "../domain/instant.ts";
import type { HeardStatus } from "./schemas/meter.ts";

/**
 * When a meter is late and when it is silent. A polled meter answers within minutes; one on a radio speaks by the hour
 * or once a day, and may miss one.
 */
export const HEARD_WITHIN_MS = {
  polled: { heard: HOUR_MS, late: DAY_MS },
  radio: { heard: DAY_MS + 2 * HOUR_MS, late: 3 * DAY_MS },
} as const;

export type HeardLimits = { readonly heardSince: Instant; readonly lateSince: Instant };

export const heardLimits = (now: Instant, link: keyof typeof HEARD_WITHIN_MS): HeardLimits => ({
  heardSince: instant(now - HEARD_WITHIN_MS[link].heard),
  lateSince: instant(now - HEARD_WITHIN_MS[link].late),
});

export function heardStatus(heardAt: Instant | null, polled: boolean, now: Instant): HeardStatus {
  const { heardSince, lateSince } = heardLimits(now, polled ? "polled" : "radio");
  if (heardAt === null || heardAt < lateSince) return "silent";
  return heardAt < heardSince ? "late" : "heard";
}
