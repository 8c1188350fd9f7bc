import { keepPreviousData, useQuery } from "@tanstack/react-query";
import type { AccountJson } from "../../../../api/schemas/account.ts";
import type {
  TariffChoicesJson,
  TariffOptionsJson,
  WhatIfAccountsJson,
  WhatIfBody,
  WhatIfJson,
  WhatIfLeftOutJson,
} from "../../../../api/schemas/what-if.ts";
import type { TariffVersionJson } from "../../../../api/schemas/tariff.ts";
import { ask } from "../../api/client.ts";

/** Often enough that figures are seen to grow. */
const LOOK_AGAIN_MS = 500;

export const useTariffChoices = () =>
  useQuery({
    queryKey: ["what-if-tariffs"],
    queryFn: ({ signal }) => ask<TariffChoicesJson>("/what-if-tariffs", { signal }),
  });

export const useWhatIf = (id: string) =>
  useQuery({
    queryKey: ["what-if", id],
    queryFn: ({ signal }) => ask<WhatIfJson>(`/what-ifs/${id}`, { signal }),
    refetchInterval: (query) => (query.state.data?.state === "running" ? LOOK_AGAIN_MS : false),
  });

export type Side = "all" | "more" | "less";
/** `done` is in the key: the table grows with the comparison. */
export const useWhatIfAccounts = (id: string, asked: { side: Side; page: number; pageSize: number }, done: number) =>
  useQuery({
    queryKey: ["what-if", id, "accounts", asked, done],
    queryFn: ({ signal }) => ask<WhatIfAccountsJson>(`/what-ifs/${id}/accounts`, { query: asked, signal }),
    placeholderData: keepPreviousData,
  });

export const useLeftOut = (id: string, count: number) =>
  useQuery({
    queryKey: ["what-if", id, "left-out", count],
    queryFn: ({ signal }) => ask<WhatIfLeftOutJson>(`/what-ifs/${id}/left-out`, { signal }),
    enabled: count > 0,
  });

export const useTariffOptions = (accountId: string) =>
  useQuery({
    queryKey: ["tariff-options", accountId],
    queryFn: ({ signal }) => ask<TariffOptionsJson>(`/accounts/${accountId}/tariff-options`, { signal }),
  });

/** Whose name is shown in the question; `""` = nobody is chosen. */
export const useChosenAccount = (id: string) =>
  useQuery({
    queryKey: ["account", id, {}],
    queryFn: ({ signal }) => ask<AccountJson>(`/accounts/${id}`, { signal }),
    enabled: id !== "",
  });

/** A version of the operator's own that is tried before it is published; `""` = none. */
export const useDraftOf = (id: string) =>
  useQuery({
    queryKey: ["tariff-version", id],
    queryFn: ({ signal }) => ask<TariffVersionJson>(`/tariff-versions/${id}`, { signal }),
    enabled: id !== "",
  });

export const startWhatIf = (body: WhatIfBody): Promise<WhatIfJson> =>
  ask<WhatIfJson>("/what-ifs", { method: "POST", body });
export const cancelWhatIf = (id: string): Promise<WhatIfJson> =>
  ask<WhatIfJson>(`/what-ifs/${id}`, { method: "DELETE" });
