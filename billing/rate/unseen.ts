import type { Instant } from "../../domain/instant.ts";
import type { Period } from "../../domain/period.ts";
import type { Usage } from "../../domain/usage.ts";
import { inOrder } from "./slices.ts";

/** Stretches of the service period for which a usage says nothing: they are priced as if nothing was used. In order of time. */
export function unseenIn({ slices, servicePeriod }: Pick<Usage, "slices" | "servicePeriod">): Period[] {
  const unseen: Period[] = [];
  let known: Instant = servicePeriod.from;
  for (const { period } of inOrder(slices)) {
    if (period.from > known) unseen.push({ from: known, to: period.from });
    if (period.to > known) known = period.to;
  }
  if (known < servicePeriod.to) unseen.push({ from: known, to: servicePeriod.to });
  return unseen;
}
