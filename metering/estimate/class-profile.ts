import { DAY_MS } from "../../domain/instant.ts";
import { decimalText } from "../../domain/quantity.ts";
import { daysText, evenly, type Method } from "./input.ts";

/** A median of fewer is a neighbour's privacy and no profile. Our choice. */
const POINTS_MIN = 5;

/** The median use per day of usage points of the same utility and class. */
export const classProfile: Method = {
  name: "class_profile",
  version: 1,
  growth({ classProfile: of, last, at }) {
    if (of === null) return "no figures of the class";
    if (of.points < POINTS_MIN) return `the class has ${of.points} usage points with a bill, ${POINTS_MIN} are needed`;
    const for_ms = at - last.at;
    return {
      growth: evenly(of.perDay, DAY_MS, for_ms),
      basis: { class: of.name, points: `${of.points}`, per_day: decimalText(of.perDay), days: daysText(for_ms) },
      uncertainty: null,
    };
  },
};
