import type { PrepaidPolicy } from "../../domain/policy.ts";
import { chinaEstate } from "./china-estate.ts";
import { chinaStation } from "./china-station.ts";
import { demoEstate } from "./demo-estate.ts";
import { demoFlat } from "./demo-flat.ts";
import { demoStation } from "./demo-station.ts";
import { europeStrict } from "./europe-strict.ts";

export const POLICIES: readonly PrepaidPolicy[] = [
  demoEstate,
  demoStation,
  demoFlat,
  chinaEstate,
  chinaStation,
  europeStrict,
];

export const policyOf = (id: string): PrepaidPolicy | null => POLICIES.find((policy) => policy.id === id) ?? null;
