import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { AccountFactBody, AccountFactsJson } from "../../../api/schemas/account-fact.ts";
import { ask } from "./client.ts";

/** All that was ever said of an account. */
export const useAccountFacts = (accountId: string) =>
  useQuery({
    queryKey: ["account-facts", accountId],
    queryFn: ({ signal }) => ask<AccountFactsJson>(`/accounts/${accountId}/facts`, { signal }),
  });

/** Says a fact, or takes one back; the account is read again after it. */
export function useStateFact(accountId: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: AccountFactBody) =>
      ask<{ outcome: "noted" | "already" }>(`/accounts/${accountId}/facts`, { method: "POST", body }),
    onSuccess: () =>
      Promise.all([
        client.invalidateQueries({ queryKey: ["account-facts", accountId] }),
        client.invalidateQueries({ queryKey: ["account", accountId] }),
      ]),
  });
}
