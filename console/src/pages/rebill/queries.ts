import { keepPreviousData, useQuery } from "@tanstack/react-query";
import type {
  CorrectionJson,
  CorrectionOutcomeJson,
  CorrectionsJson,
  RebillPreviewJson,
  RebillTermsJson,
  RebillTermsOnJson,
} from "../../../../api/schemas/correction.ts";
import { ask } from "../../api/client.ts";

export type Asked = { readonly building: string; readonly touchedSince: string; readonly from: string };
export type Differing = RebillPreviewJson["accounts"][number];

/** A page of accounts after another one. */
export const previewPage = (asked: Asked, after: string, signal: AbortSignal): Promise<RebillPreviewJson> =>
  ask<RebillPreviewJson>("/rebill-preview", { query: { ...asked, after }, signal });

/** A bill that is cancelled, or made anew after that. */
export type OneBill = { readonly kind?: "cancel" | "anew"; readonly billId?: string };
export type ToPost = { readonly digest: string; readonly reason: string; readonly from?: string } & OneBill;
export const postCorrection = (accountId: string, body: ToPost): Promise<CorrectionOutcomeJson> =>
  ask<CorrectionOutcomeJson>(`/accounts/${accountId}/corrections`, { method: "POST", body });
export const proposeCorrection = (accountId: string, body: ToPost): Promise<{ outcome: string }> =>
  ask<{ outcome: string }>(`/accounts/${accountId}/correction-proposals`, { method: "POST", body });

export const useRebillTerms = () =>
  useQuery({
    queryKey: ["rebill-terms"],
    queryFn: ({ signal }) => ask<RebillTermsOnJson>("/rebill-terms", { signal }),
  });
export const sayRebillTerms = (body: RebillTermsJson): Promise<RebillTermsJson> =>
  ask<RebillTermsJson>("/rebill-terms", { method: "POST", body });

export const useCorrections = (asked: { accountId?: string; page: number; pageSize: number }) =>
  useQuery({
    queryKey: ["corrections", asked],
    queryFn: ({ signal }) => ask<CorrectionsJson>("/corrections", { query: asked, signal }),
    placeholderData: keepPreviousData,
  });
export const useCorrection = (id: string) =>
  useQuery({
    queryKey: ["correction", id],
    queryFn: ({ signal }) => ask<CorrectionJson>(`/corrections/${id}`, { signal }),
  });
