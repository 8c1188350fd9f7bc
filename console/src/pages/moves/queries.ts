import { useQuery } from "@tanstack/react-query";
import type { ChargesJson } from "../../../../api/schemas/charge.ts";
import type { PlannedMoveOutJson, PlannedMoveOutsJson } from "../../../../api/schemas/planned-move-out.ts";
import type { VacantPointsJson } from "../../../../api/schemas/move.ts";
import { ask } from "../../api/client.ts";

export type VacantPoint = VacantPointsJson["items"][number];
export type Home = { readonly building: string; readonly room: string };

export const useVacant = (query: { search: string; page: number; pageSize: number }) =>
  useQuery({
    queryKey: ["vacant", query],
    queryFn: ({ signal }) => ask<VacantPointsJson>("/vacant-points", { query, signal }),
  });

/** The vacant points of one home: as many as a page holds, searched by the home's words. */
export const useVacantHome = ({ building, room }: Home) =>
  useQuery({
    queryKey: ["vacant", "home", building, room],
    queryFn: async ({ signal }) => {
      const query = { search: `${building} ${room}`, pageSize: 200 };
      const { items } = await ask<VacantPointsJson>("/vacant-points", { query, signal });
      return items.filter((one) => one.building === building && one.room === room);
    },
  });

export const useRecurringCharges = () =>
  useQuery({ queryKey: ["charges"], queryFn: ({ signal }) => ask<ChargesJson>("/charges", { signal }) });

/** Points of one home beside each other, in the order in which they come. */
export const homesOf = (points: readonly VacantPoint[]): VacantPoint[][] => [
  ...Map.groupBy(points, ({ building, room }) => `${building}\n${room}`).values(),
];

export const moveInPath = ({ building, room }: Home): string =>
  `/move-in?${new URLSearchParams({ building, room }).toString()}`;

export type PlanState = "all" | "due" | "coming";
export const usePlans = (query: { state: PlanState; page: number; pageSize: number }) =>
  useQuery({
    queryKey: ["plans", query],
    queryFn: ({ signal }) => ask<PlannedMoveOutsJson>("/planned-move-outs", { query, signal }),
  });
export const usePlan = (accountId: string) =>
  useQuery({
    queryKey: ["plan", accountId],
    queryFn: ({ signal }) => ask<PlannedMoveOutJson>(`/accounts/${accountId}/planned-move-out`, { signal }),
  });

/** The move-out page with the planned day filled in. */
export const moveOutPath = (accountId: string, onDay: string): string => `/accounts/${accountId}/move-out?on=${onDay}`;
