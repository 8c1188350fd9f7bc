import { sql, type Transaction } from "kysely";
import { type Instant, instant, isoIn, isoOf, MINUTE_MS } from "../../domain/instant.ts";
import { amountText } from "../../domain/money.ts";
import type { PolicyMessage, PrepaidPolicy } from "../../domain/policy.ts";
import type { SupplyEventKind } from "../../domain/supply.ts";
import { addSupplyEvent, cancelControls, queueControl } from "../../ledger/controls.ts";
import { repayEmergencyCredit } from "../../ledger/emergency-credit.ts";
import { queueNotice } from "../../ledger/notices.ts";
import type { Tables } from "../../schema/tables.ts";
import { type Decision, decide, isEmergencyRepaid, minorOf } from "./decide.ts";
import type { KnownSupply } from "./facts.ts";

type Trx = Transaction<Tables>;

/** What a transaction has to tell once it is committed. */
export type Told = { readonly kind: SupplyEventKind; readonly detail: Readonly<Record<string, string>> };

/** Decides on what is known and writes all that follows, in the transaction that locked the supply. */
export async function review(
  trx: Trx,
  supply: KnownSupply,
  policy: PrepaidPolicy,
  now: Instant,
): Promise<{ decision: Decision; told: Told[] }> {
  const decision = decide(supply.facts, policy, now);
  const proof = proofOf(supply, policy, decision, now);
  const { accountId, meterId } = supply;
  const isTrickle = decision.control === "disconnect" && policy.cutBy === "trickle";
  const reason = isTrickle ? { ...proof, cut: "trickle" } : proof;
  if (decision.withdraw === true || decision.control === "connect") {
    const note = decision.held === undefined ? "withdrawn: no longer due" : `withdrawn: ${decision.held}`;
    await cancelControls(trx, accountId, "disconnect", note, now);
  }
  const control =
    decision.control === undefined
      ? null
      : await queueControl(trx, { meterId, accountId, action: decision.control, reason, now });
  if (isEmergencyRepaid(supply.facts, policy)) await repayEmergencyCredit(trx, accountId, now);
  await writeSupply(trx, supply, policy, decision, now);
  if (decision.event === undefined) return { decision, told: [] };
  const detail = control === null ? proof : { ...proof, control: String(control) };
  const event = await addSupplyEvent(trx, { accountId, at: now, kind: decision.event, detail });
  await warn(trx, supply, policy, { kind: decision.event, id: event, at: now });
  return { decision, told: [{ kind: decision.event, detail }] };
}

/** Tells the customer, in the transaction of the warning. One that cannot be delivered is not served. */
async function warn(
  trx: Trx,
  { accountId, facts }: KnownSupply,
  policy: PrepaidPolicy,
  event: { readonly kind: SupplyEventKind; readonly id: bigint; readonly at: Instant },
): Promise<void> {
  const { available, lastReadingAt, zone } = facts;
  if (available === null || lastReadingAt === null) return;
  const { at: now, id } = event;
  const to = { accountId, key: `supply/${id}`, now };
  const money = { available: amountText(available) };
  const readAt = isoIn(lastReadingAt, zone);
  const by = (message: PolicyMessage) => {
    const channels = policy.channels?.[message];
    return channels === undefined ? {} : { channels };
  };
  switch (event.kind) {
    case "warned_1":
      await queueNotice(trx, { ...to, ...by("warn1"), kind: "supply_warning_1", data: { ...money, readAt } });
      return;
    case "warned_2":
      await queueNotice(trx, { ...to, ...by("warn2"), kind: "supply_warning_2", data: { ...money, readAt } });
      return;
    case "second_notice": {
      const cutNotBefore = isoIn(instant(now + (policy.secondNoticeMinutes ?? 0) * MINUTE_MS), zone);
      const data = { ...money, cutNotBefore };
      await queueNotice(trx, { ...to, ...by("secondNotice"), kind: "supply_cut_second_notice", urgent: true, data });
    }
  }
}

/** What an order or a warning rests on: balance, unbilled use, reading and its age, policy. */
function proofOf(supply: KnownSupply, policy: PrepaidPolicy, decision: Decision, now: Instant): Record<string, string> {
  const { facts, balance, accrual } = supply;
  return {
    policy: `${policy.id}/${policy.version}`,
    balance: amountText(balance),
    ...(accrual.unbilled === null ? {} : { unbilled: amountText(accrual.unbilled) }),
    ...(facts.available === null ? {} : { available: amountText(facts.available), currency: facts.available.currency }),
    ...(facts.lastReadingAt === null
      ? {}
      : { reading_at: isoIn(facts.lastReadingAt, facts.zone), reading_age_ms: String(now - facts.lastReadingAt) }),
    ...(decision.held === undefined ? {} : { held: decision.held }),
    ...(accrual.note === "" ? {} : { note: accrual.note.slice(0, 500) }),
  };
}

const minorOrNull = (policy: PrepaidPolicy, text: string | undefined): bigint | null =>
  text === undefined ? null : minorOf(policy, text);

const writeSupply = (
  trx: Trx,
  { accountId, facts, accrual }: KnownSupply,
  policy: PrepaidPolicy,
  decision: Decision,
  now: Instant,
) =>
  sql`update sanbiao.supply set state = ${decision.stage}, desired = ${decision.desired}, held = ${decision.held ?? ""},
             warned_2_at = ${decision.warned2At === null ? null : isoOf(decision.warned2At)}::timestamptz,
             available_minor = ${facts.available?.minor ?? null}, unbilled_minor = ${accrual.unbilled?.minor ?? null},
             last_reading_at = ${facts.lastReadingAt === null ? null : isoOf(facts.lastReadingAt)}::timestamptz,
             decided_at = ${isoOf(now)},
             close_permit_minor = ${minorOrNull(policy, policy.closePermitFrom)}, debt_share_percent = ${policy.debtShare?.percent ?? null},
             debt_share_max_minor = ${minorOrNull(policy, policy.debtShare?.max)},
             second_notice_at = ${decision.givesSecondNotice === true ? sql`${isoOf(now)}` : sql`second_notice_at`}
       where operator_id = sanbiao.operator_id() and account_id = ${accountId}`.execute(trx);
