import { isoOf } from "../../domain/instant.ts";
import { decimalText } from "../../domain/quantity.ts";
import { evenly, type Method } from "./input.ts";

/** A straight line between the readings before and after: what a bill does by itself once the later one is there. */
export const linear: Method = {
  name: "linear",
  version: 1,
  growth({ last, next, at }) {
    if (next === null) return "no reading after";
    const whole = next.value - last.value;
    const growth = at >= next.at ? whole : evenly(whole, next.at - last.at, at - last.at);
    return { growth, basis: { next_at: isoOf(next.at), next: decimalText(next.value) }, uncertainty: null };
  },
};
