import { useQuery } from "@tanstack/react-query";
import type { AccountHoldsJson, HoldRulesJson } from "../../../../api/schemas/bill-hold.ts";
import type { AccountCyclesJson, BillingCyclesJson } from "../../../../api/schemas/billing-cycle.ts";
import type { CustomerClassJson, LateFeesJson, WaiversJson } from "../../../../api/schemas/late-fee.ts";
import type { SetOffTermsJson } from "../../../../api/schemas/set-off.ts";
import { ask } from "../../api/client.ts";

const asked = <T>(name: string, path: string) => ({ queryKey: [name, path] as const, queryFn: () => ask<T>(path) });

export const useCycles = () => useQuery(asked<BillingCyclesJson>("cycles", "/billing-cycles"));
export const useHoldRules = () => useQuery(asked<HoldRulesJson>("holdRules", "/hold-rules"));
export const useLateFees = () => useQuery(asked<LateFeesJson>("lateFees", "/late-fees"));

export const useSetOffTerms = () => useQuery(asked<SetOffTermsJson>("setOffTerms", "/set-off-terms"));

export const useAccountCycles = (id: string) =>
  useQuery(asked<AccountCyclesJson>("accountCycles", `/accounts/${id}/billing-cycles`));
export const useAccountHolds = (id: string) =>
  useQuery(asked<AccountHoldsJson>("accountHolds", `/accounts/${id}/holds`));
export const useWaivers = (id: string) => useQuery(asked<WaiversJson>("waivers", `/accounts/${id}/late-fee-waivers`));
export const useCustomerClass = (id: string) =>
  useQuery(asked<CustomerClassJson>("customerClass", `/accounts/${id}/customer-class`));
