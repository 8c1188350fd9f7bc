import type { Utility } from "../domain/unit.ts";
import { PROFILES } from "./meters/catalogue.ts";
import { POLICIES } from "./policies/catalogue.ts";
import { TARIFFS } from "./tariffs/catalogue.ts";

/** What a list of meters and accounts may name: profiles, tariffs with what they price, prepaid policies. */
export const KNOWN = {
  profiles: PROFILES,
  tariffs: new Map<string, Utility>(TARIFFS.map(({ id, utility }) => [id, utility])),
  policies: new Set(POLICIES.map(({ id }) => id)),
} as const;
