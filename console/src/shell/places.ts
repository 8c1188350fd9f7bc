import type { Role } from "../../../api/schemas/session.ts";
import type { NavName } from "./nav-icon.tsx";

export type Place = { readonly path: string; readonly name: NavName; readonly roles: readonly Role[] };
export type PlaceGroup = {
  readonly name: "desk" | "customers" | "metering" | "wires";
  readonly places: readonly Place[];
};

const ALL: readonly Role[] = ["manager", "clerk", "reader"];
const CLERKS: readonly Role[] = ["manager", "clerk"];

/** The pages that stand at the left, by whose work they are. */
export const PLACES: readonly PlaceGroup[] = [
  {
    name: "desk",
    places: [
      { path: "/", name: "overview", roles: ALL },
      { path: "/counter", name: "counter", roles: CLERKS },
      { path: "/shifts", name: "shifts", roles: CLERKS },
      { path: "/prepaid", name: "prepaid", roles: ALL },
      { path: "/channels", name: "channels", roles: CLERKS },
    ],
  },
  {
    name: "customers",
    places: [
      { path: "/accounts", name: "accounts", roles: ALL },
      { path: "/moves", name: "moves", roles: ALL },
      { path: "/notices", name: "notices", roles: ALL },
      { path: "/bills", name: "bills", roles: ALL },
      { path: "/runs", name: "runs", roles: ALL },
      { path: "/exceptions", name: "exceptions", roles: ALL },
      { path: "/billing-settings", name: "billingSettings", roles: ALL },
      { path: "/tariffs", name: "tariffs", roles: ALL },
      { path: "/what-if", name: "whatIf", roles: CLERKS },
      { path: "/rebill", name: "rebill", roles: CLERKS },
    ],
  },
  {
    name: "metering",
    places: [
      { path: "/meters", name: "meters", roles: ALL },
      { path: "/calibrations", name: "calibrations", roles: ALL },
      { path: "/balances", name: "balances", roles: ALL },
      { path: "/work", name: "work", roles: ALL },
      { path: "/routes", name: "routes", roles: ALL },
    ],
  },
  {
    name: "wires",
    places: [
      { path: "/onboarding", name: "onboarding", roles: ALL },
      { path: "/buses", name: "buses", roles: ALL },
      { path: "/gaps", name: "gaps", roles: ALL },
      { path: "/refused", name: "refused", roles: ALL },
    ],
  },
];
