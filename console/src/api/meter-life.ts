import { useQuery } from "@tanstack/react-query";
import type { CalibrationsJson, LifeJson, MeterEventsJson, SparesJson } from "../../../api/schemas/meter-life.ts";
import { ask } from "./client.ts";

/** Questions and deeds of a meter's life. */
export const useMeterEvents = (id: string) =>
  useQuery({
    queryKey: ["meter", id, "events"],
    queryFn: ({ signal }) => ask<MeterEventsJson>(`/meters/${id}/events`, { signal }),
  });

export const useCalibrations = (asked: { dueWithinDays: number; page: number; pageSize: number }) =>
  useQuery({
    queryKey: ["calibrations", asked],
    queryFn: ({ signal }) => ask<CalibrationsJson>("/calibrations", { query: asked, signal }),
  });

export const useSpares = (utility: string, search: string, enabled: boolean) =>
  useQuery({
    queryKey: ["spares", utility, search],
    queryFn: ({ signal }) => ask<SparesJson>("/spare-meters", { query: { utility, search }, signal }),
    enabled,
  });

export type LifeDeed = "exchanges" | "removals" | "ratios" | "seals" | "calibrations";

/** `key` stands for what a person means: it goes with every try. A rehearsal does nothing. */
export const doToMeter = (
  id: string,
  deed: LifeDeed,
  body: Record<string, unknown>,
  { key, preview = false }: { key: string; preview?: boolean },
): Promise<LifeJson> =>
  ask<LifeJson>(`/meters/${id}/${deed}`, { method: "POST", body, key, query: preview ? { preview: "true" } : {} });

/** `crypto.randomUUID` is missing on plain-http addresses of a local network; random bytes are not. */
export function newDeedKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return `life-${Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("")}`;
}
