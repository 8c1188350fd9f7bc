import { describe, expect, test } from "vitest";
import { instant } from "../../domain/instant.ts";
import type { Utility } from "../../domain/unit.ts";
import { openPaygoToken, readOpenPaygo } from "../../tokens/openpaygo.ts";
import { decoderKey02 } from "../../tokens/sts-cipher.ts";
import { readSts, stsToken, tidOf } from "../../tokens/sts-token.ts";
import { hasReference, referenceText } from "./reference.ts";

const OPENPAYGO = "prepaid/openpaygo_vectors.json";
const STS = "prepaid/sts_vectors.json";

type PaygoVector = {
  starting_code: number;
  key: string;
  count: number;
  token_type: "ADD_TIME" | "SET_TIME" | "DISABLE_PAYG" | "COUNTER_SYNC";
  value_raw: number;
  restricted_digit_set: boolean;
  extended_token: boolean;
  new_count: number;
  token: string;
};
type StsVector = {
  utility: Utility;
  iin: string;
  iain: string;
  supply_group_code: string;
  tariff_index: string;
  key_revision_number: number;
  key_type: 2;
  vending_key_hex: string;
  issued_at_utc: string;
  token_identifier_minutes: number;
  random_no: number;
  amount_units: string;
  expected_token: string;
  decoder_key_hex_as_printed_by_source: string;
};
type DirectVector = {
  decoder_key_hex: string;
  issued_at_utc: string;
  random_no: number;
  amount_units: string;
  expected_token: string;
};

const KINDS = { ADD_TIME: "add", SET_TIME: "set", DISABLE_PAYG: "disable", COUNTER_SYNC: "sync" } as const;
/** The source prints a decoder key with its lowest byte first. */
const keyOf = (hex: string): bigint => BigInt(`0x${Buffer.from(hex, "hex").reverse().toString("hex")}`);
const instantOf = (iso: string) => instant(Date.parse(iso));
const tenthsOf = (units: string): number => Math.round(Number(units) * 10);

describe.skipIf(!hasReference(OPENPAYGO))("OpenPAYGO tokens of the reference implementation", () => {
  const { tokens } = JSON.parse(hasReference(OPENPAYGO) ? referenceText(OPENPAYGO) : '{"tokens":[]}') as {
    tokens: PaygoVector[];
  };
  test("all of them are written digit by digit and read back by a device that is as far", () => {
    expect(tokens.length).toBeGreaterThan(30);
    for (const vector of tokens) {
      const device = { key: Buffer.from(vector.key, "hex"), startingCode: vector.starting_code };
      const kind = KINDS[vector.token_type];
      const form = { extended: vector.extended_token, restricted: vector.restricted_digit_set };
      const written = openPaygoToken(device, { kind, value: vector.value_raw, count: vector.count }, form);
      expect(written).toEqual({ token: vector.token, count: vector.new_count });
      const memory = { count: vector.count, used: [] };
      const read = readOpenPaygo(device, memory, vector.token, vector.restricted_digit_set);
      expect(read).toMatchObject({ kind, value: vector.value_raw, count: vector.new_count });
    }
  });
});

describe.skipIf(!hasReference(STS))("STS tokens of the 531-1 compliance tests", () => {
  const reference = JSON.parse(hasReference(STS) ? referenceText(STS) : '{"credit_tokens":[]}') as {
    credit_tokens: StsVector[];
    direct_decoder_key_vector: DirectVector;
  };
  test("decoder key, token identifier and all twenty digits come out as printed, and are read back", () => {
    expect(reference.credit_tokens.length).toBeGreaterThan(80);
    for (const vector of reference.credit_tokens) {
      const key = decoderKey02(
        {
          iin: vector.iin,
          iain: vector.iain,
          supplyGroup: vector.supply_group_code,
          tariffIndex: vector.tariff_index,
          keyRevision: vector.key_revision_number,
          keyType: vector.key_type,
        },
        Buffer.from(vector.vending_key_hex, "hex"),
      );
      expect(key).toBe(keyOf(vector.decoder_key_hex_as_printed_by_source));
      const tid = tidOf(instantOf(vector.issued_at_utc), 1993);
      expect(tid).toBe(vector.token_identifier_minutes);
      const content = { kind: "credit", utility: vector.utility, tenths: tenthsOf(vector.amount_units) } as const;
      const token = stsToken(key, { content, tid, random: vector.random_no });
      expect(token, `${vector.amount_units} at ${vector.issued_at_utc}`).toBe(vector.expected_token);
      const read = readSts(key, token);
      expect(read).toMatchObject({ kind: "read", tid, random: vector.random_no, content: { utility: vector.utility } });
    }
  });

  test("a token under a key that is given directly", () => {
    const { decoder_key_hex, issued_at_utc, random_no, amount_units, expected_token } =
      reference.direct_decoder_key_vector;
    const content = { kind: "credit", utility: "electricity", tenths: tenthsOf(amount_units) } as const;
    const tid = tidOf(instantOf(issued_at_utc), 1993);
    expect(stsToken(keyOf(decoder_key_hex), { content, tid, random: random_no })).toBe(expected_token);
  });
});
