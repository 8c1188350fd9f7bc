import { keepPreviousData, useQuery } from "@tanstack/react-query";
import type {
  CertificateJson,
  CertificatesJson,
  SupplyBoardJson,
  TonightJson,
  WorkOrderClosedJson,
} from "../../../api/schemas/supply-board.ts";
import type {
  DayTemperatureBody,
  DayTemperaturesJson,
  SupplyHoldBody,
  SupplyHoldsJson,
} from "../../../api/schemas/supply-hold.ts";
import type { z } from "zod";
import { ask } from "./client.ts";
import { useDeed } from "./deed.ts";

type Holds = z.infer<typeof SupplyHoldsJson>;
export type TemperatureBody = z.input<typeof DayTemperatureBody>;
export type HoldBody = z.input<typeof SupplyHoldBody>;

/** What happens to supply. Live events of kind `supply`, `control` and `payment` have it asked again. */
const asked = <T>(name: string, path: string, query: Record<string, string | number> = {}, everyMs = 15_000) => ({
  queryKey: ["supply", name, query] as const,
  queryFn: ({ signal }: { signal: AbortSignal }) => ask<T>(path, { query, signal }),
  placeholderData: keepPreviousData,
  refetchInterval: everyMs,
});

export const useSupplyBoard = (building: string) =>
  useQuery(asked<SupplyBoardJson>("board", "/supply/board", building === "" ? {} : { building }, 5_000));
export const useTonight = (hours: number) =>
  useQuery(asked<TonightJson>("tonight", "/supply/tonight", { hours }, 60_000));
export const useSupplyHolds = (state: "open" | "all") => useQuery(asked<Holds>("holds", "/supply-holds", { state }));
export const useDayTemperatures = (from: string) =>
  useQuery(asked<z.infer<typeof DayTemperaturesJson>>("temperatures", "/day-temperatures", { from }, 600_000));
export const useCertificates = (accountId: string, page: number) =>
  useQuery(asked<CertificatesJson>("certificates", "/supply/certificates", { accountId, page, pageSize: 10 }));
export const useCertificate = (number: string) =>
  useQuery({
    queryKey: ["supply", "certificate", number],
    queryFn: ({ signal }) => ask<CertificateJson>(`/supply/certificates/${number}`, { signal }),
  });

/** Whatever looks at supply is read again after a deed about it. */
const STALE = ["supply"];
export const useNoteHold = () => useDeed<HoldBody>("/supply-holds", STALE);
export const useHoldStep = (id: string, step: "approval" | "end") =>
  useDeed<Record<string, never>>(`/supply-holds/${id}/${step}`, STALE);
export const useCloseWorkOrder = (id: string) =>
  useDeed<{ note: string }, z.infer<typeof WorkOrderClosedJson>>(`/supply/work-orders/${id}/closure`, STALE);
export const useNoteTemperature = () => useDeed<TemperatureBody>("/day-temperatures", STALE);
