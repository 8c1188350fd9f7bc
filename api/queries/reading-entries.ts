import { decimalText } from "../../domain/quantity.ts";
import { SECOND_MS } from "../../domain/instant.ts";
import type { KeptEntry } from "../../ledger/manual-readings.ts";
import { atText, type Desk } from "../desk.ts";
import type { EntryJson } from "../schemas/reading-route.ts";
import { CLOCK_WRONG_MS } from "../reading-clock.ts";

export function entryJson(desk: Desk, row: KeptEntry): EntryJson {
  const expected = row.expected as { low: string | null; high: string | null } | null;
  const offset = Number(row.clock_offset_ms);
  return {
    id: row.entry_id,
    outcome: row.outcome,
    value: row.dial_value === null ? null : decimalText(row.dial_value),
    skip: row.skip_reason,
    measuredAt: atText(desk, row.measured_at),
    receivedAt: atText(desk, row.received_at),
    by: row.by,
    note: row.note,
    photo: row.photo_sha256 === null ? null : row.photo_sha256.toString("hex"),
    outside: row.outside_confirmed,
    clockOffsetSeconds: Math.round(offset / SECOND_MS),
    clockWrong: Math.abs(offset) > CLOCK_WRONG_MS,
    expected: expected === null ? null : { low: expected.low, high: expected.high },
  };
}
