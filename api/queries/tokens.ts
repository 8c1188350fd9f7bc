import { sql } from "kysely";
import { averagePrice, tokenMoney } from "../../billing/tokens/issue.ts";
import { type Instant, isoIn } from "../../domain/instant.ts";
import { money, moneyJson } from "../../domain/money.ts";
import { dayOf, type Zone } from "../../domain/period.ts";
import { decimalText } from "../../domain/quantity.ts";
import type { AccountId, MeterId } from "../../domain/reading.ts";
import { BILLED_UNIT, type Utility } from "../../domain/unit.ts";
import { type IssuedToken, tokensOfAccount, type TokenScheme } from "../../ledger/tokens.ts";
import { grouped } from "../../tokens/sts-token.ts";
import type { Desk } from "../desk.ts";
import type { TokenJson, TokensJson } from "../schemas/token.ts";

export const tokenJson = (token: IssuedToken, zone: Zone): TokenJson => ({
  id: String(token.id),
  meterId: String(token.meterId),
  scheme: token.scheme,
  digits: token.digits,
  grouped: grouped(token.digits),
  quantity: { value: decimalText(token.quantity), unit: token.unit },
  amount: moneyJson(tokenMoney(token)),
  number: String(token.number),
  testMode: token.testMode,
  journalId: String(token.journalId),
  issuedAt: isoIn(token.issuedAt, zone),
  returnedAt: token.returnedAt === null ? null : isoIn(token.returnedAt, zone),
});

type KeypadRow = {
  id: MeterId;
  serial: string;
  utility: Utility;
  scheme: TokenScheme;
  last_reading_at: Instant | null;
};

/** Tokens of an account, newest first, and its meters that take further ones. */
export async function tokensOf(desk: Desk, accountId: AccountId): Promise<TokensJson> {
  const { trx, zone } = desk;
  const today = dayOf(desk.now, zone);
  const { rows } = await sql<KeypadRow>`
    select m.id, m.serial, m.utility, k.scheme,
           (select max(r.measured_at) from sanbiao.reading r where r.operator_id = m.operator_id and r.meter_id = m.id) as last_reading_at
      from sanbiao.meter m
      join lateral (select scheme from sanbiao.token_meter t where t.operator_id = m.operator_id and t.meter_id = m.id
         order by t.id desc limit 1) k on true
     where m.operator_id = sanbiao.operator_id() and exists (select 1 from sanbiao.agreement a
          join sanbiao.installation i on i.operator_id = a.operator_id and i.usage_point_id = a.usage_point_id
           and i.meter_id = m.id and i.removed_at is null
         where a.operator_id = m.operator_id and a.account_id = ${accountId}
           and a.from_day <= ${today} and (a.to_day is null or a.to_day > ${today}))
     order by m.id`.execute(trx);
  const meters: TokensJson["meters"] = [];
  for (const { id, serial, utility, scheme, last_reading_at: last } of rows) {
    const price = await averagePrice(trx, { accountId, meterId: id });
    meters.push({
      id: String(id),
      serial,
      utility,
      scheme,
      lastReadingAt: last === null ? null : isoIn(last, zone),
      priceFrom:
        price === null
          ? null
          : {
              amount: moneyJson(money(price.currency, price.minor)),
              quantity: { value: decimalText(price.quantity), unit: BILLED_UNIT[utility] },
            },
    });
  }
  return { items: (await tokensOfAccount(trx, accountId)).map((token) => tokenJson(token, zone)), meters };
}
