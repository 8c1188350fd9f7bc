import { sql, type Transaction } from "kysely";
import { type Instant, instant, isoIn, isoOf, MINUTE_MS } from "../../domain/instant.ts";
import { amountText, zero } from "../../domain/money.ts";
import type { PrepaidPolicy } from "../../domain/policy.ts";
import type { AccountId, MeterId } from "../../domain/reading.ts";
import { REGISTERS, type SupplyState } from "../../domain/register.ts";
import { addCertificate, nextInChain } from "../../ledger/certificates.ts";
import type { OpenControl } from "../../ledger/controls.ts";
import { noticesOf } from "../../ledger/notices.ts";
import type { Tables } from "../../schema/tables.ts";
import { canonicalText, sha256Of } from "../explain/canonical.ts";
import { tariffDocumentOf } from "../explain/basis.ts";
import type { AccrualBasis } from "./accrual.ts";
import type { KnownSupply } from "./facts.ts";
import { guardsOf } from "./hold.ts";

type Trx = Transaction<Tables>;

export const CERTIFICATE_FORMAT = "sanbiao-cut-certificate/1";

/**
 * Writes what this sending of an order to cut rests on, in the transaction that marks it sent. The supply is locked: no posting,
 * no bill and no decision of the account comes in between.
 */
export async function certifyCut(
  trx: Trx,
  control: OpenControl & { readonly accountId: AccountId },
  supply: KnownSupply,
  policy: PrepaidPolicy,
  now: Instant,
): Promise<void> {
  const { facts } = supply;
  const attempt = control.attempts + 1;
  const { zone } = facts;
  const told = await tellingOf(trx, supply, zone);
  const names = await namesOf(trx, supply);
  const end = await nextInChain(trx);
  const body = canonicalText({
    format: CERTIFICATE_FORMAT,
    kind: "order",
    number: String(end.number),
    previous: end.previous,
    written: isoIn(now, zone),
    order: { control: String(control.id), attempt: String(attempt), action: control.action },
    operator: names.operator,
    account: names.account,
    meter: names.meter,
    balance: await balanceProof(trx, supply, policy),
    use: useProof(supply.basis, now),
    notices: told,
    guards: guardsOf({ ...facts, open: { action: "disconnect", state: "sent" } }, policy, now).map(
      ({ guard, passes }) => ({ guard, passes }),
    ),
    policy: { id: policy.id, version: policy.version, sha256: sha256Of(canonicalText(policy)) },
    approver: { kind: "engine", rule: "available below cut limit, every guard passes at sending" },
  });
  const { id: controlId, accountId } = control;
  await addCertificate(trx, end, { attempt, controlId, accountId, now, body });
}

/** What the books were seen to hold: postings up to the last one, their sum, and use that nobody billed yet. */
async function balanceProof(trx: Trx, { accountId, balance, accrual, facts }: KnownSupply, policy: PrepaidPolicy) {
  const { rows } = await sql<{ last: bigint | null; count: string }>`
    select max(journal_id) as last, count(*)::text as count from sanbiao.posting
     where operator_id = sanbiao.operator_id() and account_id = ${accountId} and ledger_account = 'customer'
       and currency = ${balance.currency}`.execute(trx);
  return {
    currency: balance.currency,
    ledger: amountText(balance),
    entriesUpTo: rows[0]?.last === null || rows[0] === undefined ? null : String(rows[0].last),
    postings: rows[0]?.count ?? "0",
    unbilled: accrual.unbilled === null ? null : amountText(accrual.unbilled),
    available: facts.available === null ? null : amountText(facts.available),
    band: amountText(facts.band ?? zero(balance.currency)),
    cutBelow: policy.cutBelow,
    emergency: amountText(facts.emergency?.amount ?? zero(balance.currency)),
  };
}

/** Per usage point: tariff versions that priced it, and the first and last reading of each register with the age of the last. */
function useProof(basis: AccrualBasis | null, now: Instant) {
  if (basis === null) return [];
  return basis.inputs.map(({ agreement, stretch, versions, readings }) => ({
    usagePoint: String(agreement.usagePointId),
    utility: agreement.utility,
    from: isoIn(stretch.from, basis.zone),
    tariffs: versions.map((one) => ({ id: one.id, version: one.version, sha256: tariffDocumentOf(one).sha256 })),
    readings: agreement.stays.flatMap(({ meterId, serial }) => {
      const byRegister = Map.groupBy(readings.get(meterId) ?? [], ({ register }) => register);
      return [...byRegister].map(([register, all]) => {
        const [first, last] = [
          all.reduce((a, b) => (b.at < a.at ? b : a)),
          all.reduce((a, b) => (b.at > a.at ? b : a)),
        ];
        return {
          meter: String(meterId),
          serial,
          register,
          first: { at: isoIn(first.at, basis.zone), micro: String(first.value) },
          last: {
            at: isoIn(last.at, basis.zone),
            micro: String(last.value),
            source: last.source,
            ageMs: String(now - last.at),
          },
        };
      });
    }),
  }));
}

/** The warnings of this walk, and the notices that went with them, each with the time at which it was served. */
async function tellingOf(trx: Trx, { accountId, facts }: KnownSupply, zone: KnownSupply["facts"]["zone"]) {
  const { rows } = await sql<{ kind: string; at: Instant }>`
    select kind, at from sanbiao.supply_event where operator_id = sanbiao.operator_id() and account_id = ${accountId}
       and kind in ('warned_1', 'warned_2') and at >= coalesce(${facts.lastCreditAt === null ? null : isoOf(facts.lastCreditAt)}::timestamptz, '-infinity')
     order by id desc limit 4`.execute(trx);
  const since = facts.warned2At === null ? null : instant(facts.warned2At - 24 * 60 * MINUTE_MS);
  const sent = since === null ? [] : await noticesOf(trx, accountId, { since });
  return {
    warnings: rows.map(({ kind, at }) => ({ kind, at: isoIn(at, zone) })),
    secondNoticeAt: facts.secondNoticeAt === null ? null : isoIn(facts.secondNoticeAt, zone),
    secondWarningAt: facts.warned2At === null ? null : isoIn(facts.warned2At, zone),
    messages: sent
      .filter(({ kind }) => kind.startsWith("supply_"))
      .map(({ id, kind, createdAt, servedAt }) => ({
        notice: String(id),
        kind,
        at: isoIn(createdAt, zone),
        servedAt: servedAt === null ? null : isoIn(servedAt, zone),
      })),
  };
}

async function namesOf(trx: Trx, { accountId, meterId }: { accountId: AccountId; meterId: MeterId }) {
  const { rows } = await sql<{ code: string; number: string; serial: string }>`
    select o.code, a.number, m.serial from sanbiao.operator o
      join sanbiao.account a on a.operator_id = o.operator_id and a.id = ${accountId}
      join sanbiao.meter m on m.operator_id = o.operator_id and m.id = ${meterId}
     where o.operator_id = sanbiao.operator_id()`.execute(trx);
  const row = rows[0];
  if (row === undefined) throw new Error(`account ${accountId} or meter ${meterId} is gone`);
  return {
    operator: row.code,
    account: { id: String(accountId), number: row.number },
    meter: { id: String(meterId), serial: row.serial },
  };
}

/** What was seen after an order to cut: the position that proved it, and the current if the meter tells it. */
export async function addEvidence(
  trx: Trx,
  seen: { controlId: bigint; accountId: AccountId; meterId: MeterId; position: SupplyState; measuredAt: Instant },
  now: Instant,
): Promise<void> {
  const { controlId, accountId, meterId, position, measuredAt } = seen;
  const { rows: of } = await sql<{ number: bigint; hash: string }>`
    select number, hash from sanbiao.cut_certificate where operator_id = sanbiao.operator_id() and control_id = ${controlId}
       and kind = 'order' order by number desc limit 1`.execute(trx);
  const certified = of[0];
  if (certified === undefined) return; // sent before there were certificates
  const currents = await currentsSince(trx, meterId, measuredAt);
  const end = await nextInChain(trx);
  const body = canonicalText({
    format: CERTIFICATE_FORMAT,
    kind: "evidence",
    number: String(end.number),
    previous: end.previous,
    written: isoOf(now),
    of: { number: String(certified.number), hash: certified.hash },
    order: { control: String(controlId) },
    readBack: { position, measuredAt: isoOf(measuredAt) },
    currents,
  });
  await addCertificate(trx, end, { attempt: null, controlId, accountId, now, body });
}

/** The first current of each phase that the meter measured with its relay open, in micro-amperes; none for a meter without. */
async function currentsSince(trx: Trx, meterId: MeterId, since: Instant) {
  const codes = [REGISTERS.current_l1_a.code, REGISTERS.current_l2_a.code, REGISTERS.current_l3_a.code];
  const { rows } = await sql<{ register: number; value: bigint; measured_at: Instant }>`
    select distinct on (register) register, value, measured_at from sanbiao.reading
     where operator_id = sanbiao.operator_id() and meter_id = ${meterId} and register = any(${codes}::smallint[])
       and measured_at >= ${isoOf(since)}::timestamptz order by register, measured_at`.execute(trx);
  return rows.map(({ register, value, measured_at: at }) => ({
    register: String(register),
    micro: String(value),
    measuredAt: isoOf(at),
  }));
}
