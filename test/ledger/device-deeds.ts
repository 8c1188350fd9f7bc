import { issueToken } from "../../billing/tokens/issue.ts";
import { returnTokens } from "../../billing/tokens/return.ts";
import { DAY_MS, type Instant, instant, MINUTE_MS } from "../../domain/instant.ts";
import { money } from "../../domain/money.ts";
import type { OperatorId } from "../../domain/reading.ts";
import { addDeviceKey, deviceCommands } from "../../ledger/device-commands.ts";
import { sealer } from "../../ledger/sealing.ts";
import { noteTokenMeter } from "../../ledger/tokens.ts";
import type { Database } from "../../schema/database.ts";

/** A meter with a key, told one signed command. */
export async function tellDevice(db: Database, operatorId: OperatorId, meterId: bigint, now: Instant): Promise<void> {
  const sealing = sealer(new Uint8Array(32));
  const keyVersion = await db.as(operatorId, (trx) =>
    addDeviceKey(trx, sealing, { meterId, secret: new Uint8Array(32), now }),
  );
  const expires = instant(now + MINUTE_MS);
  await deviceCommands(db, sealing).take(operatorId, { meterId, command: "trip", issued: now, expires, keyVersion });
}

/** A home's keypad meter, given one token whose money came back since, and one that it still holds. */
export async function giveTokens(
  db: Database,
  operatorId: OperatorId,
  home: { readonly account: bigint; readonly meter: bigint },
  now: Instant,
): Promise<void> {
  const sealing = sealer(new Uint8Array(32));
  const { account: accountId, meter: meterId } = home;
  const detail = { iin: "600727", iain: "00000000777", supplyGroup: "999999", tariffIndex: "01", keyRevision: 1 };
  const amount = money("CNY", 100n);
  const wish = { operatorId, accountId, meterId, quantity: 1_000_000n, amount, zone: "Asia/Shanghai", random: 1 };
  await db.as(operatorId, async (trx) => {
    await noteTokenMeter(trx, sealing, {
      meterId,
      scheme: "sts",
      detail: { ...detail, keyType: 2, base: 2014 },
      secret: Buffer.alloc(8, 1),
      now,
    });
    await issueToken(trx, sealing, { ...wish, key: "token-0001", at: instant(now - DAY_MS) });
    await returnTokens(trx, operatorId, now);
    await issueToken(trx, sealing, { ...wish, key: "token-0002", at: now });
  });
}

/** What a superuser can do to devices and their tokens, and the invariant that names it. */
export const DEVICE_DEEDS: [title: string, sql: string, named: string][] = [
  ["numbers of commands set back", "update device_sequence set last = last - 1", "commands-numbered"],
  ["a token made dearer than its entry", "update credit_token set amount_minor = amount_minor + 1", "tokens-entered"],
  [
    "a token deleted, its entry left",
    "delete from credit_token t where not exists (select from credit_token_return r where r.token_id = t.id)",
    "tokens-entered",
  ],
  [
    "two tokens of a meter under one number",
    "alter table credit_token drop constraint credit_token_operator_id_meter_id_scheme_number_key; update credit_token set number = 7",
    "tokens-once",
  ],
  [
    "a token's money back without a reading",
    "update credit_token_return set measured_at = measured_at + interval '1 ms'",
    "tokens-returned",
  ],
  ["the key of a command deleted", "delete from device_key", "commands-numbered"],
];
