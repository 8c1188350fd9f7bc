import { COMPUTED_METHODS, type ComputedMethod, type Estimate } from "../../domain/estimate.ts";
import { recentAverage } from "./recent-average.ts";
import { classProfile } from "./class-profile.ts";
import { type EstimateInput, estimateBy, type Method } from "./input.ts";
import { lastYear } from "./last-year.ts";
import { likeDay } from "./like-day.ts";
import { linear } from "./linear.ts";

/** Every method that finds a value by itself, by its name. */
export const METHODS: Readonly<Record<ComputedMethod, Method>> = {
  linear,
  last_year: lastYear,
  like_day: likeDay,
  recent_average: recentAverage,
  class_profile: classProfile,
};

/** What each method gives, those of the declared order first. */
export function previewEstimates(order: readonly ComputedMethod[], input: EstimateInput): Estimate[] {
  const others = COMPUTED_METHODS.filter((name) => !order.includes(name));
  return [...order, ...others].map((name) => estimateBy(METHODS[name], input));
}

export type Chosen =
  | { readonly kind: "estimated"; readonly estimates: readonly Extract<Estimate, { kind: "estimated" }>[] }
  | { readonly kind: "none"; readonly missing: readonly Extract<Estimate, { kind: "not_enough" }>[] };

/**
 * The first method of the order that can tell all registers of a meter: registers that belong together (total and times
 * of use) must come from one method, or they would not add up.
 */
export function chooseEstimate(order: readonly ComputedMethod[], inputs: readonly EstimateInput[]): Chosen {
  const missing: Extract<Estimate, { kind: "not_enough" }>[] = [];
  for (const name of order) {
    const found = inputs.map((input) => estimateBy(METHODS[name], input));
    const lacking = found.find((one) => one.kind === "not_enough");
    if (lacking !== undefined) {
      missing.push(lacking);
      continue;
    }
    return { kind: "estimated", estimates: found.filter((one) => one.kind === "estimated") };
  }
  return { kind: "none", missing };
}
