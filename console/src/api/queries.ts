import { keepPreviousData, skipToken, useQuery } from "@tanstack/react-query";
import type {
  AccountJson,
  AccountsJson,
  AccountUsageJson,
  FoundAccountsJson,
  TimelineJson,
  TimelineKind,
} from "../../../api/schemas/account.ts";
import type { BalanceJson, BalancesJson } from "../../../api/schemas/balance.ts";
import type { BillJson, BillStatus, BillsJson } from "../../../api/schemas/bill.ts";
import type { LiveEvent } from "../../../api/schemas/event.ts";
import type { AccountReplayJson } from "../../../api/schemas/replay.ts";
import type { ExplainedBillJson } from "../../../api/schemas/explain.ts";
import type { BusesJson } from "../../../api/schemas/bus.ts";
import type { HeardStatus, MeterJson, MetersJson, SeriesJson } from "../../../api/schemas/meter.ts";
import type { ConflictsJson, RefusedFramesJson, RunsJson } from "../../../api/schemas/operation.ts";
import type { PaysJson, SplitJson } from "../../../api/schemas/payment.ts";
import type { OverviewJson } from "../../../api/schemas/overview.ts";
import type { RouteJson, RoutesJson } from "../../../api/schemas/reading-route.ts";
import type { DemoJson, MeJson } from "../../../api/schemas/session.ts";
import type { ControlsJson, PrepaidBoardJson, SupplyStateName } from "../../../api/schemas/supply.ts";
import type { EditsJson, WorkJson, WorkState } from "../../../api/schemas/work.ts";
import { ApiError, ask, type Query } from "./client.ts";

/** Every question that the pages ask. The first part of a key is what live events name when it may have changed (`live.tsx`). */

const list = <T>(name: string, path: string, query: Query) => ({
  queryKey: [name, query] as const,
  queryFn: ({ signal }: { signal: AbortSignal }) => ask<T>(path, { query, signal }),
  placeholderData: keepPreviousData,
});
const one = <T>(name: string, id: string, path: string, query: Query = {}) => ({
  queryKey: [name, id, query] as const,
  queryFn: ({ signal }: { signal: AbortSignal }) => ask<T>(path, { query, signal }),
});

/** Who is signed in; `null` when nobody is. */
export const useMe = () =>
  useQuery({
    queryKey: ["me"],
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async (): Promise<MeJson | null> => {
      try {
        return await ask<MeJson>("/me");
      } catch (error) {
        if (error instanceof ApiError && error.problem.status === 401) return null;
        throw error;
      }
    },
  });
export const useDemo = () =>
  useQuery({ queryKey: ["demo"], queryFn: () => ask<DemoJson>("/demo"), staleTime: Number.POSITIVE_INFINITY });
export const useOverview = () =>
  useQuery({ queryKey: ["overview"], queryFn: () => ask<OverviewJson>("/overview"), refetchInterval: 15_000 });

export type MetersAsked = {
  search?: string;
  utility?: string;
  status?: HeardStatus;
  building?: string;
  page: number;
  pageSize: number;
};
export const useMeters = (asked: MetersAsked) =>
  useQuery({ ...list<MetersJson>("meters", "/meters", asked), refetchInterval: 30_000 });
export const useMeter = (id: string) => useQuery(one<MeterJson>("meter", id, `/meters/${id}`));
export const useSeries = (id: string, asked: { register?: string; from?: string; to?: string; points: number }) =>
  useQuery({ ...one<SeriesJson>("series", id, `/meters/${id}/series`, asked), placeholderData: keepPreviousData });

export type AccountsAsked = {
  search?: string;
  building?: string;
  paymentMode?: "postpaid" | "prepaid";
  page: number;
  pageSize: number;
};
export const useAccounts = (asked: AccountsAsked, enabled = true) =>
  useQuery({ ...list<AccountsJson>("accounts", "/accounts", asked), enabled });
/** A few, the best first, as one types; not asked for nothing. */
export const useFoundAccounts = (asked: { text: string; limit: number }) =>
  useQuery({ ...list<FoundAccountsJson>("accounts", "/accounts/find", asked), enabled: asked.text !== "" });
export const useAccount = (id: string) =>
  useQuery({ ...one<AccountJson>("account", id, `/accounts/${id}`), refetchInterval: 5_000 });
/** How an amount would be shared over debts and credit, if it were taken now. */
export const useSplit = (id: string, asked: { amount: string; pays: PaysJson }) =>
  useQuery({ ...one<SplitJson>("split", id, `/accounts/${id}/payment-split`, asked), staleTime: 0 });
export const useUsage = (id: string, asked: { from?: string; to?: string }) =>
  useQuery({
    ...one<AccountUsageJson>("usage", id, `/accounts/${id}/usage`, asked),
    placeholderData: keepPreviousData,
  });
export const timelinePage = (id: string, kinds: readonly TimelineKind[], before: string | null) =>
  ask<TimelineJson>(`/accounts/${id}/timeline`, {
    query: { limit: 40, kinds: kinds.join(","), before: before ?? undefined },
  });

export const useBills = (asked: { period?: string; status?: BillStatus; page: number; pageSize: number }) =>
  useQuery(list<BillsJson>("bills", "/bills", asked));
export const useBill = (id: string) => useQuery(one<BillJson>("bill", id, `/bills/${id}`));
export const useAccountReplay = (id: string) =>
  useQuery(one<AccountReplayJson>("account-replay", id, `/accounts/${id}/replay`));
export const useExplainedBill = (id: string) =>
  useQuery(one<ExplainedBillJson>("bill-explained", id, `/bills/${id}/explain`));

export const useBalances = (asked: { period?: string; utility?: string }) =>
  useQuery(list<BalancesJson>("balances", "/balances", asked));
export const useBalance = (id: string) => useQuery(one<BalanceJson>("balance", id, `/balances/${id}`));

export const usePrepaid = (asked: { state?: SupplyStateName; page: number; pageSize: number }) =>
  useQuery({ ...list<PrepaidBoardJson>("prepaid", "/prepaid", asked), refetchInterval: 15_000 });
export const useControls = (asked: { accountId?: string; page: number; pageSize: number }) =>
  useQuery({ ...list<ControlsJson>("controls", "/controls", asked), refetchInterval: 5_000 });
export const useRuns = () =>
  useQuery({ queryKey: ["runs"], queryFn: () => ask<RunsJson>("/runs"), refetchInterval: 5_000 });
/** How fast a run goes, as the stream told it last; nothing before that. */
export const useRunPace = (runId: string) =>
  useQuery<LiveEvent & { kind: "bill_run" }>({ queryKey: ["runPace", runId], queryFn: skipToken });
/** Quick while a scan is under way. */
export const useBuses = () =>
  useQuery({
    queryKey: ["buses"],
    queryFn: () => ask<BusesJson>("/buses"),
    refetchInterval: ({ state }) => (state.data?.items.some(({ scan }) => scan?.state === "running") ? 1_000 : 5_000),
  });
export const useRefusedFrames = (asked: { reason?: string; page: number; pageSize: number }) =>
  useQuery({ ...list<RefusedFramesJson>("refused", "/refused-frames", asked), refetchInterval: 20_000 });
export const useConflicts = (asked: { page: number; pageSize: number }) =>
  useQuery(list<ConflictsJson>("conflicts", "/conflicts", asked));

export type WorkAsked = {
  state: WorkState;
  holds?: "bill";
  rule?: string;
  utility?: string;
  building?: string;
  search?: string;
  page: number;
  pageSize: number;
};
export const useWork = (asked: WorkAsked) =>
  useQuery({ ...list<WorkJson>("work", "/exceptions", asked), refetchInterval: 30_000 });
export const useEdits = (id: string) => useQuery(one<EditsJson>("edits", id, `/meters/${id}/edits`));
export const useRoutes = () =>
  useQuery({ queryKey: ["routes"], queryFn: () => ask<RoutesJson>("/routes"), refetchInterval: 10_000 });
export const useRoute = (id: string) =>
  useQuery({ ...one<RouteJson>("route", id, `/routes/${id}`), refetchInterval: 10_000 });
