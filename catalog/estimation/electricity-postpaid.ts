import type { EstimationPolicy } from "../../domain/estimate.ts";

/** Electricity follows the weather and the week: last year's same days first, then like days. */
export const electricityPostpaid: EstimationPolicy = {
  id: "electricity-postpaid",
  version: "1",
  title: { zh: "电表估抄（后付费）", en: "Electricity, postpaid" },
  source: ["ours: no rule of a utility or regulator is followed; agree it with the customers before a real bill"],
  utilities: ["electricity"],
  paymentModes: ["postpaid"],
  order: ["linear", "last_year", "like_day", "recent_average", "class_profile"],
  // Late frames and a weekend pass; a bill then still comes within its month.
  silentDays: 5,
  // As the rule `prolonged_estimation`: the third bill by estimate is not defended easily.
  periodsMax: 2,
  // Weekends only: the yearly list of statutory holidays belongs into a version of the operator's own.
  restDays: [],
};
