import type { EstimationPolicy } from "../../domain/estimate.ts";

/** Water and gas of a home are steady within a season; heat follows last year's winter. */
export const gasWaterHeatPostpaid: EstimationPolicy = {
  id: "gas-water-heat-postpaid",
  version: "1",
  title: { zh: "水、气、热表估抄（后付费）", en: "Gas, water and heat, postpaid" },
  source: ["ours: no rule of a utility or regulator is followed; agree it with the customers before a real bill"],
  utilities: ["gas", "water", "heat"],
  paymentModes: ["postpaid"],
  order: ["linear", "last_year", "recent_average", "like_day", "class_profile"],
  // Battery devices on radio miss days; a person may still walk there.
  silentDays: 7,
  periodsMax: 2,
  restDays: [],
};
