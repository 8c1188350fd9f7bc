import { z } from "zod";
import { CodedError } from "../../domain/errors.ts";
import type { Instant } from "../../domain/instant.ts";
import type { Utility } from "../../domain/unit.ts";
import type { TokenMeter } from "../../ledger/tokens.ts";
import { countAfter, openPaygoToken } from "../../tokens/openpaygo.ts";
import { decoderKey02 } from "../../tokens/sts-cipher.ts";
import { nextTid, type StsBase, stsToken, tidOf } from "../../tokens/sts-token.ts";

/** What a keypad meter's scheme must know; `token_meter.detail`. */
export const OpenPaygoDetail = z.strictObject({
  startingCode: z.number().int().min(0).max(999_999_999),
  /** Count that the device had when it was handed over. */
  count: z.number().int().min(0).default(0),
  /** Millionths of a kWh or m³ that one of the token's units stands for. */
  unitMicro: z.number().int().min(1),
  extended: z.boolean().default(false),
});
export const StsDetail = z.strictObject({
  iin: z.string().regex(/^(\d{6}|\d{4})$/),
  iain: z.string().regex(/^(\d{11}|\d{13})$/),
  supplyGroup: z.string().regex(/^\d{6}$/),
  tariffIndex: z.string().regex(/^\d{2}$/),
  keyRevision: z.number().int().min(1).max(9),
  keyType: z.literal([0, 1, 2, 3]),
  base: z.literal([1993, 2014, 2035]),
});

/** A token made for a meter, before it is booked. */
export type MadeToken = { readonly number: number; readonly digits: string; readonly testMode: boolean };

const TENTH = 100_000n; // of a unit, in millionths: the step of an STS credit token

/**
 * The next token of a meter. `last`: the highest number that it was given, `null` before the first. STS takes the minute of `at`, or the next one
 * that was not given out; OpenPAYGO the next even count. Pure but for `random` (0–15).
 * @throws CodedError `token.refused` for what the scheme cannot carry
 */
export function makeToken(
  meter: Pick<TokenMeter, "scheme" | "detail" | "secret">,
  wish: { utility: Utility; quantity: bigint; at: Instant; last: number | null; random: number },
): MadeToken {
  try {
    return meter.scheme === "sts" ? sts(meter, wish) : openPaygo(meter, wish);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new CodedError("token.refused", `The meter's tokens cannot carry this: ${cause.message}.`, { cause });
  }
}

type Wish = Parameters<typeof makeToken>[1];
type Meter = Parameters<typeof makeToken>[0];

function sts({ detail, secret }: Meter, { utility, quantity, at, last, random }: Wish): MadeToken {
  const { base, ...meter } = StsDetail.parse(detail);
  const now = tidOf(at, base as StsBase);
  const number = last === null || now > last ? now : nextTid(last);
  const tenths = Number((quantity + TENTH - 1n) / TENTH);
  const digits = stsToken(decoderKey02(meter, secret), {
    content: { kind: "credit", utility, tenths },
    tid: number,
    random,
  });
  return { number, digits, testMode: true };
}

function openPaygo({ detail, secret }: Meter, { quantity, last }: Wish): MadeToken {
  const { startingCode, count, unitMicro, extended } = OpenPaygoDetail.parse(detail);
  if (quantity % BigInt(unitMicro) !== 0n)
    throw new RangeError(`the quantity is no whole number of the device's units of ${unitMicro} millionths`);
  const from = Math.max(last ?? 0, count);
  const value = Number(quantity / BigInt(unitMicro));
  const { token, count: number } = openPaygoToken(
    { key: secret, startingCode },
    { kind: "add", value, count: from },
    { extended },
  );
  if (number !== countAfter(from, "add")) throw new Error("an adding token has the next even count");
  return { number, digits: token, testMode: false };
}
