import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { ChequesJson, CounterJson, ShiftDoneJson, ShiftJson, ShiftsJson } from "../../../api/schemas/counter.ts";
import type { PaymentDetailJson, PrintJson } from "../../../api/schemas/payment.ts";
import type { Language } from "../i18n/texts.ts";
import { ask, urlOf } from "./client.ts";

/** Other clerks take and leave drawers meanwhile. */
const LOOK_MS = 10_000;

export const useCounter = () =>
  useQuery({
    queryKey: ["counter"],
    queryFn: ({ signal }) => ask<CounterJson>("/counter", { signal }),
    refetchInterval: LOOK_MS,
  });
export const useShifts = (asked: { page: number; pageSize: number }) =>
  useQuery({
    queryKey: ["shifts", asked],
    queryFn: ({ signal }) => ask<ShiftsJson>("/counter/shifts", { query: asked, signal }),
    placeholderData: keepPreviousData,
    refetchInterval: LOOK_MS,
  });
export const useShift = (id: string) =>
  useQuery({
    queryKey: ["shifts", id],
    queryFn: ({ signal }) => ask<ShiftJson>(`/counter/shifts/${id}`, { signal }),
    refetchInterval: LOOK_MS,
  });
export const useCheques = (asked: { page: number; pageSize: number }) =>
  useQuery({
    queryKey: ["cheques", asked],
    queryFn: ({ signal }) => ask<ChequesJson>("/cheques", { query: asked, signal }),
    placeholderData: keepPreviousData,
  });
export const usePayment = (journalId: string) =>
  useQuery({
    queryKey: ["payment", journalId],
    queryFn: ({ signal }) => ask<PaymentDetailJson>(`/payments/${journalId}`, { signal }),
  });

/** What a clerk does about drawers, shifts and cheques; what is shown of them is read again after it. */
export function useCounterDeed<Body extends object, T = ShiftDoneJson>(path: string, method: "POST" | "PUT" = "POST") {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ key, ...body }: Body & { key?: string }) =>
      ask<T>(path, { method, body, ...(key === undefined ? {} : { key }) }),
    onSettled: () =>
      Promise.all(
        ["counter", "shifts", "cheques", "payment", "account", "timeline"].map((name) =>
          client.invalidateQueries({ queryKey: [name] }),
        ),
      ),
  });
}

export type ReceiptFormat = "80mm" | "a5";

/** Asks for a print and opens it. The tab opens with the key press itself, or a browser takes it for a pop-up. */
export function usePrintReceipt(journalId: string, language: Language) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (format: ReceiptFormat) => {
      const tab = window.open("", "_blank");
      try {
        const print = await ask<PrintJson>(`/payments/${journalId}/receipt/prints`, {
          method: "POST",
          body: { format },
        });
        const lang = language === "zh" ? "zh" : "both";
        const url = urlOf(`/payments/${journalId}/receipt.pdf`, { format, lang, print: print.print });
        if (tab !== null) tab.location.href = url;
        return print;
      } catch (error) {
        tab?.close();
        throw error;
      }
    },
    onSuccess: () => client.invalidateQueries({ queryKey: ["payment", journalId] }),
  });
}
