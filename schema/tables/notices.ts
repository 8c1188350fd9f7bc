import type { ColumnType, Generated } from "kysely";
import type { ContactChannel, DeliveryState, NoticeChannel, NoticeLanguage } from "../../domain/notice.ts";
import type { At, AtNull, DayColumn, Id, Json, Null } from "./columns.ts";

export type ContactPointTable = {
  operator_id: bigint;
  id: Id;
  account_id: bigint;
  channel: ContactChannel;
  address: string;
  language: NoticeLanguage;
  from_day: DayColumn;
  active: boolean;
  verified: Generated<boolean>;
  bills: Generated<boolean>;
  consent: Generated<string>;
  noted_at: At;
  noted_by: Null<bigint>;
};
export type NoticePolicyTable = {
  operator_id: bigint;
  id: Id;
  quiet_from: string;
  quiet_to: string;
  per_minute: number;
  payments: Generated<boolean>;
  corrections: Generated<boolean>;
  noted_at: At;
  noted_by: Null<bigint>;
};
export type NoticeTable = {
  operator_id: bigint;
  id: Id;
  account_id: bigint;
  kind: string;
  key: string;
  data: Json<Record<string, string>>;
  created_at: At;
  urgent: boolean;
  not_before: At;
};
export type NoticeDeliveryTable = {
  operator_id: bigint;
  id: Id;
  notice_id: bigint;
  ref: ColumnType<string, string | undefined, never>;
  channel: NoticeChannel;
  address: string;
  language: NoticeLanguage;
  state: Generated<DeliveryState>;
  attempts: Generated<number>;
  not_before: At;
  waits_from: At;
  attempts_before: Generated<number>;
  claimed_at: AtNull;
  claimed_until: AtNull;
};
export type NoticeEventTable = {
  operator_id: bigint;
  id: Id;
  delivery_id: bigint;
  at: At;
  state: DeliveryState;
  detail: Generated<string>;
  subject: Null<string>;
  body: Null<string>;
  user_id: Null<bigint>;
};
export type ToldEntryTable = {
  operator_id: bigint;
  done_id: bigint;
  mark_id: Null<bigint>;
  marked_at: AtNull;
  mark_xid: Null<string>;
};
