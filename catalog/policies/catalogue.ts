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

/** All versions of a policy; empty when there is none of this id. */
export const policyVersionsOf = (id: string): readonly PrepaidPolicy[] => POLICIES.filter((policy) => policy.id === id);
