import type { PrepaidPolicy } from "../../domain/policy.ts";
import { demoEstate } from "./demo-estate.ts";
import { demoFlat } from "./demo-flat.ts";
import { demoStation } from "./demo-station.ts";

export const POLICIES: readonly PrepaidPolicy[] = [demoEstate, demoStation, demoFlat];

export const policyOf = (id: string): PrepaidPolicy | null => POLICIES.find((policy) => policy.id === id) ?? null;
