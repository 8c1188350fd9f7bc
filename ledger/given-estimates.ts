import { sql, type Transaction } from "kysely";
import { HOUR_MS, type Instant, isoOf } from "../domain/instant.ts";
import type { Day } from "../domain/period.ts";
import { decimalText, type Micro } from "../domain/quantity.ts";
import type { MeterId } from "../domain/reading.ts";
import { type RegisterName, REGISTERS } from "../domain/register.ts";
import type { Tables } from "../schema/tables.ts";
import { type WriteOutcome, writeEdits } from "./edits.ts";
import { readStays } from "./metered-stays.ts";
import { type MeterStay, readEditBook, readingsAround } from "./usage.ts";

type Trx = Transaction<Tables>;

/** A value that a person sets where nobody read: by his own judgement, or as the customer agreed to. */
export type GivenEstimate = {
  readonly meterId: MeterId;
  readonly register: RegisterName;
  readonly at: Instant;
  readonly value: Micro;
  readonly given:
    | { readonly method: "manual" }
    | {
        readonly method: "agreed";
        /** Who consented, when, and where that is written. */
        readonly by: string;
        readonly on: Day;
        readonly reference: string;
      };
  /** How the value was found, where no person made it up. */
  readonly foundBy?: Readonly<Record<string, string>>;
  readonly reason: string;
  readonly key: string;
  /** `null`: the command line, which knows no persons. */
  readonly madeBy: bigint | null;
  readonly now: Instant;
};

export type GivenOutcome = WriteOutcome | { readonly kind: "refused"; readonly detail: string };

/** The usage point at which a meter stood through an instant, with all stays there; `null` when it hung nowhere. */
export async function stayAt(
  trx: Trx,
  meterId: MeterId,
  at: Instant,
): Promise<{ usagePointId: bigint; stay: MeterStay; stays: readonly MeterStay[] } | null> {
  const { rows } = await sql<{ usage_point_id: bigint }>`
    select usage_point_id from sanbiao.installation
     where operator_id = sanbiao.operator_id() and meter_id = ${meterId} and installed_at < ${isoOf(at)}::timestamptz
       and (removed_at is null or removed_at > ${isoOf(at)}::timestamptz)`.execute(trx);
  const usagePointId = rows[0]?.usage_point_id;
  if (usagePointId === undefined) return null;
  const stays = (await readStays(trx, [usagePointId])).get(usagePointId) ?? [];
  const stay = stays.find(
    (one) => one.meterId === meterId && one.installedAt < at && (one.removedAt === null || one.removedAt >= at),
  );
  return stay === undefined ? null : { usagePointId, stay, stays };
}

/**
 * Writes a value that a person gives. Refused where a reading stands, below what was read before or above what was read
 * after or can have flowed, and within time that is billed and not waiting for a reading. `restore` takes it back.
 */
export async function giveEstimate(trx: Trx, given: GivenEstimate): Promise<GivenOutcome> {
  const detail = (await isKnown(trx, given.key)) ? null : await whyRefused(trx, given);
  if (detail !== null) return { kind: "refused", detail };
  const { meterId, register, at, value, reason, key, madeBy, now } = given;
  const { method, ...consent } = given.given;
  const basis = {
    ...given.foundBy,
    ...("by" in consent ? { agreed_by: consent.by, agreed_on: consent.on, reference: consent.reference } : {}),
  };
  const says = { kind: "value", value, source: "estimate", method, basis } as const;
  const [written] = await writeEdits(trx, [
    { meterId, register, at, origin: "clerk", says, reason, key, ...(madeBy === null ? {} : { madeBy }), madeAt: now },
  ]);
  if (written === undefined) throw new Error(`entry ${key} has no outcome`);
  return written;
}

const isKnown = async (trx: Trx, key: string): Promise<boolean> =>
  (await trx.selectFrom("reading_edit").select("id").where("idempotency_key", "=", key).executeTakeFirst()) !==
  undefined;

async function whyRefused(trx: Trx, { meterId, register, at, value, now }: GivenEstimate): Promise<string | null> {
  if (REGISTERS[register].kind !== "cumulative") return `${register} is no counting register`;
  if (at > now) return "the instant lies in the future";
  const place = await stayAt(trx, meterId, at);
  if (place === null) return `meter ${meterId} hung at no usage point at ${isoOf(at)}`;
  const edge = { meterId, register, at };
  const around = await readingsAround(trx, [edge], await readEditBook(trx, [edge]));
  if (around.some((one) => one.at === at && one.source !== "estimate")) return "the meter was read at this instant";
  const before = around.find((one) => one.at < at && one.at >= place.stay.installedAt);
  const after = around.find((one) => one.at > at && (place.stay.removedAt ?? one.at) >= one.at);
  if (before !== undefined && value < before.value) {
    return `below the ${decimalText(before.value)} that stood there at ${isoOf(before.at)}`;
  }
  if (after !== undefined && after.source !== "estimate" && value > after.value) {
    return `above the ${decimalText(after.value)} that stood there at ${isoOf(after.at)}`;
  }
  const most = before === undefined ? null : (place.stay.maxPerHour * BigInt(at - before.at)) / BigInt(HOUR_MS);
  if (before !== undefined && most !== null && value - before.value > most) {
    return `more than the ${decimalText(most)} that can have flowed since ${isoOf(before.at)}`;
  }
  const bills = await billsThrough(trx, place.usagePointId, at);
  return bills.length === 0 ? null : `this time is billed: ${bills.join(", ")}`;
}

/** Bills of the usage point that end at the instant or later, unless one of them waits there for a reading. */
async function billsThrough(trx: Trx, usagePointId: bigint, at: Instant): Promise<string[]> {
  const { rows } = await sql<{ number: string; waits: boolean }>`
    select b.number, exists (select from sanbiao.true_up t where t.operator_id = b.operator_id and t.bill_id = b.id
             and t.usage_point_id = u.usage_point_id and t.at = ${isoOf(at)}::timestamptz and not exists (
               select from sanbiao.true_up_closing c where c.operator_id = t.operator_id and c.true_up_id = t.id)) as waits
      from sanbiao.billed_usage u join sanbiao.bill b on b.operator_id = u.operator_id and b.id = u.bill_id
     where u.operator_id = sanbiao.operator_id() and u.usage_point_id = ${usagePointId} and u.corrects_bill_id is null
       and u.period_to >= ${isoOf(at)}::timestamptz
     order by b.number`.execute(trx);
  return rows.some(({ waits }) => waits) ? [] : rows.map(({ number }) => number);
}
