import type { NoticeData, NoticeKind } from "../../domain/notice.ts";

/** One example of each kind with every field, for previews and for the test that renders all of them. */
export const NOTICE_SAMPLES: { readonly [K in NoticeKind]: NoticeData<K> } = {
  supply_warning_1: { available: "18.60", readAt: "2026-11-28T10:15:00+08:00", daysLeft: "6–8" },
  supply_warning_2: { available: "4.20", readAt: "2026-11-28T10:15:00+08:00", daysLeft: "1–2", cutBelow: "-2.00" },
  supply_cut_notice: { available: "-3.20", cutNotBefore: "2026-11-30T09:00:00+08:00", payAtLeast: "3.20" },
  supply_cut_second_notice: { available: "-3.85", cutNotBefore: "2026-11-30T09:00:00+08:00", payAtLeast: "3.85" },
  supply_cut_done: { available: "-4.10", cutAt: "2026-11-30T09:02:11+08:00", payAtLeast: "4.10" },
  supply_restored: { restoredAt: "2026-11-30T11:40:05+08:00", available: "45.90" },
  payment_received: {
    amount: "50.00",
    paidAt: "2026-11-30T11:39:58+08:00",
    available: "45.90",
    receipt: "R-2026-00417",
  },
  payment_reversed: { amount: "50.00", paidAt: "2026-11-30T11:39:58+08:00", available: "-4.10" },
  bill_issued: { number: "2026-000017", period: "2026-11", amount: "214.37", dueOn: "2026-12-15" },
  correction_issued: { number: "2026-000031", corrects: "2026-000017", difference: "-12.80" },
  token_issued: { meter: "0455-0032", amount: "50.00", token: "5829 1740 3316 0092 7745" },
  sign_in_code: { code: "204418", minutes: "10" },
};
