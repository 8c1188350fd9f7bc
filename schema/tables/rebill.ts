import type { ColumnType } from "kysely";
import type { At, DayColumn, Id, Json, Null } from "./columns.ts";

/** Tables of migration 0017: what bills rest on. */
export type TariffDocumentTable = {
  operator_id: bigint;
  sha256: string;
  tariff_id: string;
  version: string;
  document: string;
};
export type OperatorDocumentTable = {
  operator_id: bigint;
  sha256: string;
  document: string;
};
export type BillBasisTable = {
  operator_id: bigint;
  bill_id: bigint;
  sha256: string;
  document: string;
};

/** Tables of migration 0022: corrections. */
export type RebillTermsTable = {
  operator_id: bigint;
  id: Id;
  from_day: DayColumn;
  months_back: number;
  second_person_above_minor: Null<bigint>;
  noted_at: At;
  noted_by: Null<bigint>;
};
export type CorrectionProposalTable = {
  operator_id: bigint;
  id: Id;
  account_id: bigint;
  digest: string;
  currency: string;
  amount_minor: bigint;
  reason: string;
  proposed_at: At;
  proposed_by: Null<bigint>;
};
export type CorrectionTable = {
  operator_id: bigint;
  id: Id;
  account_id: bigint;
  number: string;
  kind: "rebill" | "cancel" | "anew";
  bill_id: Null<bigint>;
  issued_on: DayColumn;
  currency: string;
  total_minor: bigint;
  journal_id: Null<bigint>;
  reason: string;
  digest: string;
  batch_digest: Null<string>;
  proposal_id: Null<bigint>;
  posted_at: At;
  posted_by: Null<bigint>;
  charges_minor: ColumnType<bigint, bigint | undefined, never>;
};
export type CorrectionSequenceTable = { operator_id: bigint; year: number; last: number };
export type CorrectionLineTable = {
  operator_id: bigint;
  correction_id: bigint;
  line: number;
  bill_id: bigint;
  key: string;
  usage_point_id: bigint;
  utility: string;
  tariff_id: string;
  tariff_version: string;
  charge: string;
  kind: string;
  tier: Null<number>;
  tou: Null<string>;
  period_from: At;
  period_to: At;
  unit: Null<string>;
  price: Null<string>;
  billed_minor: bigint;
  due_minor: bigint;
  amount_minor: bigint;
  quantity: Null<bigint>;
  included_minor: Null<bigint>;
  title_zh: string;
  title_en: string;
};
export type CorrectionUsageTable = {
  operator_id: bigint;
  correction_id: bigint;
  bill_id: bigint;
  usage_point_id: bigint;
  period_from: At;
  period_to: At;
  utility: string;
  unit: string;
  quantity: bigint;
  registers: Json;
  effect: "corrects" | "cancels" | "anew";
};

/** Tables of migration 0037: what corrections hand on and rest on. */
export type CorrectionChargeTable = {
  operator_id: bigint;
  correction_id: bigint;
  bill_id: bigint;
  line: number;
  billed_minor: bigint;
  due_minor: bigint;
  amount_minor: bigint;
  included_minor: bigint;
};
export type CorrectionStateTable = {
  operator_id: bigint;
  correction_id: bigint;
  bill_id: bigint;
  usage_point_id: bigint;
  account_id: bigint;
  tariff_id: string;
  period_from: At;
  period_to: At;
  before: Json;
  after: Json;
};
export type CorrectionMeasureTable = {
  operator_id: bigint;
  correction_id: bigint;
  bill_id: bigint;
  usage_point_id: bigint;
  period_from: At;
  period_to: At;
  kind: "export" | "reactive" | "demand";
  unit: string;
  quantity: bigint;
  registers: Json;
  effect: "corrects" | "cancels" | "anew";
};
export type CorrectionBasisTable = {
  operator_id: bigint;
  correction_id: bigint;
  bill_id: bigint;
  sha256: string;
  document: string;
};
