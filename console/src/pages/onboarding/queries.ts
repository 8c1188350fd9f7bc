import { keepPreviousData, useQuery } from "@tanstack/react-query";
import type {
  FoundDevicesJson,
  RegisterReportJson,
  TrayState,
  UsagePointsJson,
} from "../../../../api/schemas/onboarding.ts";
import { ask, askWithFile } from "../../api/client.ts";

export const useFoundDevices = (asked: { state: TrayState; search?: string; page: number; pageSize: number }) =>
  useQuery({
    queryKey: ["found", asked] as const,
    queryFn: ({ signal }) => ask<FoundDevicesJson>("/found-devices", { query: asked, signal }),
    placeholderData: keepPreviousData,
    refetchInterval: 10_000,
  });

export const useUsagePoints = (asked: { search: string; utility: string | undefined }) =>
  useQuery({
    queryKey: ["usagePoints", asked] as const,
    queryFn: ({ signal }) => ask<UsagePointsJson>("/usage-points", { query: { ...asked, pageSize: 20 }, signal }),
    placeholderData: keepPreviousData,
  });

export type Bring = { file: File; kind: string; update: boolean; dryRun: boolean };
export const bringRegister = ({ file, kind, update, dryRun }: Bring): Promise<RegisterReportJson> =>
  askWithFile<RegisterReportJson>("/register-imports", file, { name: file.name.slice(0, 200), kind, update, dryRun });
