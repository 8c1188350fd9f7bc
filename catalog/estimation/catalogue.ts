import type { EstimationPolicy } from "../../domain/estimate.ts";
import type { Utility } from "../../domain/unit.ts";
import { electricityPostpaid } from "./electricity-postpaid.ts";
import { gasWaterHeatPostpaid } from "./gas-water-heat-postpaid.ts";
import { prepaid } from "./prepaid.ts";

export const ESTIMATION_POLICIES: readonly EstimationPolicy[] = [electricityPostpaid, gasWaterHeatPostpaid, prepaid];

/** How a missing reading of this utility may be estimated for an account of this payment mode. */
export function estimationPolicyOf(utility: Utility, paymentMode: "postpaid" | "prepaid"): EstimationPolicy | null {
  return (
    ESTIMATION_POLICIES.find(
      ({ utilities, paymentModes }) => utilities.includes(utility) && paymentModes.includes(paymentMode),
    ) ?? null
  );
}
