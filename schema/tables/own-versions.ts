import type { ColumnType, Generated } from "kysely";
import type { At, AtNull, DayColumn, Id, Null } from "./columns.ts";

/** What the versions of tariffs and of policies have in common. */
type OwnVersionTable = {
  operator_id: bigint;
  id: Id;
  version: string;
  document: ColumnType<unknown, string, string>;
  hash: string;
  state: Generated<"draft" | "proposed" | "published" | "withdrawn">;
  edition: Generated<number>;
  effective_from: DayColumn;
  reason: Generated<string>;
  made_by: bigint;
  made_at: At;
  changed_by: bigint;
  changed_at: At;
  proposed_by: Null<bigint>;
  proposed_at: AtNull;
  approved_by: Null<bigint>;
  approved_at: AtNull;
  withdrawn_by: Null<bigint>;
  withdrawn_at: AtNull;
  returned_by: Null<bigint>;
  returned_at: AtNull;
  returned_reason: Generated<string>;
};

export type TariffVersionTable = OwnVersionTable & { tariff_id: string; is_correction: Generated<boolean> };
export type PolicyVersionTable = OwnVersionTable & { policy_id: string };

export type OwnVersionEventTable = {
  operator_id: bigint;
  id: Id;
  version_id: bigint;
  deed: "made" | "changed" | "proposed" | "returned" | "published" | "withdrawn";
  edition: number;
  by_user: bigint;
  at: At;
  reason: Generated<string>;
  hash: string;
  document: ColumnType<unknown, string | null, string | null>;
};

export type AccountClassTable = {
  operator_id: bigint;
  id: Id;
  account_id: bigint;
  class: string;
  noted_at: At;
  noted_by: bigint;
};
export type PolicyAssignmentTable = {
  operator_id: bigint;
  id: Id;
  class: string;
  policy_id: Null<string>;
  from_day: DayColumn;
  noted_at: At;
  noted_by: bigint;
};
