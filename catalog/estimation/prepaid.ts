import type { EstimationPolicy } from "../../domain/estimate.ts";

/** Where money is taken in advance, an estimate waits longer and leans on the customer's own figures alone. */
export const prepaid: EstimationPolicy = {
  id: "prepaid",
  version: "1",
  title: { zh: "估抄（预付费）", en: "Prepaid" },
  source: ["ours: no rule of a utility or regulator is followed; agree it with the customers before a real bill"],
  utilities: ["electricity", "gas", "water", "heat"],
  paymentModes: ["prepaid"],
  // No class profile: a neighbour's use is no reason to take this customer's money.
  order: ["linear", "last_year", "like_day", "recent_average"],
  // A silent meter cannot be cut either: there is time to send somebody.
  silentDays: 10,
  periodsMax: 1,
  restDays: [],
};
