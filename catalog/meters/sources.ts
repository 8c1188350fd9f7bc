import type { Source } from "../../domain/profile.ts";

/** A map of volkszaehler/mbmd, a program that reads hundreds of such meters in houses. */
export const mbmd = (key: string, note?: string): Source => ({
  title: `volkszaehler/mbmd, ${key}`,
  link: "https://github.com/volkszaehler/mbmd",
  ...(note === undefined ? {} : { note }),
});

/** A template of evcc-io/evcc, a charging controller that reads house meters. */
export const evcc = (template: string, note?: string): Source => ({
  title: `evcc-io/evcc, template ${template}`,
  link: "https://github.com/evcc-io/evcc",
  ...(note === undefined ? {} : { note }),
});
