import { sql, type Transaction } from "kysely";
import { CodedError } from "../../domain/errors.ts";
import { type Instant, isoOf } from "../../domain/instant.ts";
import { amountText, type Currency, type Money, money, negate } from "../../domain/money.ts";
import { dayOf, type Zone } from "../../domain/period.ts";
import type { AccountId, MeterId, OperatorId } from "../../domain/reading.ts";
import { BILLED_UNIT, type Utility } from "../../domain/unit.ts";
import { customerPosting } from "../../ledger/chart.ts";
import { owedOf, postEntry } from "../../ledger/journal.ts";
import { queueNotice } from "../../ledger/notices.ts";
import type { Sealer } from "../../ledger/sealing.ts";
import {
  type IssuedToken,
  lastTokenNumber,
  lockTokens,
  readTokenMeter,
  tokenOfKey,
  writeToken,
} from "../../ledger/tokens.ts";
import type { Tables } from "../../schema/tables.ts";
import { grouped } from "../../tokens/sts-token.ts";
import { makeToken } from "./scheme.ts";

type Trx = Transaction<Tables>;

export type TokenWish = {
  readonly operatorId: OperatorId;
  readonly accountId: AccountId;
  readonly meterId: MeterId;
  /** What the meter is to let through, millionths, more than zero. */
  readonly quantity: bigint;
  /** What it costs the account, more than zero. */
  readonly amount: Money;
  /** Idempotency key: the same again is the same token. */
  readonly key: string;
  readonly at: Instant;
  readonly zone: Zone;
  readonly by?: bigint;
  /** 0–15, of chance. */
  readonly random: number;
};

export type TokenOutcome = { readonly kind: "issued" | "already" | "different"; readonly token: IssuedToken };

/**
 * Hands credit of an account to its meter as a number to be typed in. In one transaction: the number, its entry (debit customer, credit
 * `token_credit`: supply is owed to the meter) and the token. The money comes back with the first reading after it: see `returnTokens`.
 * @throws CodedError `token.refused` when it cannot be, saying why
 */
export async function issueToken(trx: Trx, sealer: Sealer, wish: TokenWish): Promise<TokenOutcome> {
  const { accountId, meterId, amount, quantity, key, at } = wish;
  if (amount.minor <= 0n || quantity <= 0n) throw new CodedError("request.invalid", "a token is for more than nothing");
  await lockTokens(trx, meterId);
  const before = await tokenOfKey(trx, key);
  if (before !== null) return { kind: isSame(before, wish) ? "already" : "different", token: before };
  const { utility, serial } = await requireMeter(trx, wish);
  const meter = await readTokenMeter(trx, sealer, meterId);
  if (meter === null) throw refused("this meter's keypad takes no tokens, or nobody noted its scheme");
  await requireCredit(trx, accountId, amount);
  const last = await lastTokenNumber(trx, meterId, meter.scheme);
  const made = makeToken(meter, { utility, quantity, at, last, random: wish.random });
  const posted = await postEntry(trx, {
    operatorId: wish.operatorId,
    key: `token/${key}`,
    kind: "adjustment",
    cause: { token: meter.scheme, account: String(accountId), meter: String(meterId), number: String(made.number) },
    occurredAt: at,
    postedAt: at,
    ...(wish.by === undefined ? {} : { postedBy: wish.by }),
    postings: [customerPosting(accountId, amount), { ledgerAccount: "token_credit", amount: negate(amount) }],
  });
  if (posted.kind !== "posted") throw new Error(`token ${key}: its entry is there, the token is not`);
  const token = {
    key,
    accountId,
    meterId,
    tokenMeterId: meter.id,
    scheme: meter.scheme,
    number: BigInt(made.number),
    digits: made.digits,
    quantity,
    unit: BILLED_UNIT[utility],
    amountMinor: amount.minor,
    currency: amount.currency,
    journalId: posted.journalId,
    testMode: made.testMode,
    issuedAt: at,
  };
  const id = await writeToken(trx, wish.by === undefined ? token : { ...token, issuedBy: wish.by });
  await queueNotice(trx, {
    accountId,
    kind: "token_issued",
    key: `token/${id}`,
    data: { meter: serial, amount: amountText(amount), token: grouped(made.digits) },
    now: at,
  });
  return { kind: "issued", token: { ...token, id, returnedAt: null } };
}

const isSame = (token: IssuedToken, wish: TokenWish): boolean =>
  token.accountId === wish.accountId &&
  token.meterId === wish.meterId &&
  token.quantity === wish.quantity &&
  token.amountMinor === wish.amount.minor &&
  token.currency === wish.amount.currency;

const refused = (why: string): CodedError => new CodedError("token.refused", `No token: ${why}.`);

/** Utility and serial number of a meter that supplies the account today. */
async function requireMeter(
  trx: Trx,
  { accountId, meterId, at, zone }: TokenWish,
): Promise<{ utility: Utility; serial: string }> {
  const today = dayOf(at, zone);
  const { rows } = await sql<{ utility: Utility; serial: string }>`
    select m.utility, m.serial from sanbiao.meter m
      join sanbiao.installation i on i.operator_id = m.operator_id and i.meter_id = m.id
       and i.installed_at <= ${isoOf(at)} and (i.removed_at is null or i.removed_at > ${isoOf(at)})
      join sanbiao.agreement a on a.operator_id = m.operator_id and a.usage_point_id = i.usage_point_id
     where m.operator_id = sanbiao.operator_id() and m.id = ${meterId} and a.account_id = ${accountId}
       and a.from_day <= ${today} and (a.to_day is null or a.to_day > ${today}) limit 1`.execute(trx);
  const row = rows[0];
  if (row === undefined) throw refused("this meter does not supply the account");
  return row;
}

/** Only what the account has is handed over; its row is locked, so that two tokens do not spend it twice. */
async function requireCredit(trx: Trx, accountId: AccountId, amount: Money): Promise<void> {
  await sql`select 1 from sanbiao.account where operator_id = sanbiao.operator_id() and id = ${accountId} for update`.execute(
    trx,
  );
  const owed = await owedOf(trx, accountId, amount.currency);
  if (-owed.minor < amount.minor)
    throw refused(`the account's credit is ${amountText(negate(owed))}, less than ${amountText(amount)}`);
}

/** What a unit cost on the account's last bill of this meter's utility, minor units per whole unit × 1 000 000; `null` before one. */
export async function averagePrice(
  trx: Trx,
  { accountId, meterId }: { accountId: AccountId; meterId: MeterId },
): Promise<{ readonly minor: bigint; readonly quantity: bigint; readonly currency: Currency } | null> {
  const { rows } = await sql<{ minor: bigint; quantity: bigint; currency: Currency }>`
    select sum(l.amount_minor)::bigint as minor, u.quantity, b.currency
      from sanbiao.bill b
      join sanbiao.billed_usage u on u.operator_id = b.operator_id and u.bill_id = b.id and u.quantity > 0
       and u.usage_point_id in (select i.usage_point_id from sanbiao.installation i
             where i.operator_id = b.operator_id and i.meter_id = ${meterId})
      join sanbiao.bill_line l on l.operator_id = b.operator_id and l.bill_id = b.id and l.usage_point_id = u.usage_point_id
     where b.operator_id = sanbiao.operator_id() and b.account_id = ${accountId}
     group by b.id, b.period_to, u.quantity, b.currency, u.period_from having sum(l.amount_minor) > 0
     order by b.period_to desc, u.period_from desc limit 1`.execute(trx);
  return rows[0] ?? null;
}

/** Millionths that an amount buys at an average price, in whole tenths of a unit, rounded up for the customer. */
export function quantityFor(amount: Money, price: { minor: bigint; quantity: bigint }): bigint {
  const exact = (amount.minor * price.quantity) / price.minor;
  return ((exact + 99_999n) / 100_000n) * 100_000n;
}

export const tokenMoney = (token: Pick<IssuedToken, "amountMinor" | "currency">): Money =>
  money(token.currency, token.amountMinor);
