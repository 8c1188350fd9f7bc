import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { WordOrder, WordType } from "../../domain/profile.ts";
import { decimalText } from "../../domain/quantity.ts";
import {
  bytesOfFloat,
  bytesOfInteger,
  bytesOfMicro,
  microOfRaw,
  rawOf,
  reordered,
  scaleOf,
  WORDS_OF_TYPE,
} from "../../domain/words.ts";

const ORDERS: WordOrder[] = ["ABCD", "CDAB", "BADC", "DCBA"];
const INTEGERS: WordType[] = ["u16", "s16", "u32", "s32", "u48", "u64", "s64", "bcd32"];
const hex = (text: string) => new Uint8Array(Buffer.from(text.replaceAll(" ", ""), "hex"));
const textOf = (type: WordType, order: WordOrder, words: string, scale = "1") => {
  const raw = rawOf(type, order, hex(words));
  return raw.kind === "invalid" ? raw.reason : decimalText(microOfRaw(raw.digits, raw.places, scaleOf(scale)));
};

test.each<[WordType, WordOrder, string, string, string]>([
  ["u32", "ABCD", "0001 e240", "0.01", "1234.56"],
  ["u32", "CDAB", "e240 0001", "0.01", "1234.56"],
  ["u32", "BADC", "0100 40e2", "0.01", "1234.56"],
  ["u32", "DCBA", "40e2 0100", "0.01", "1234.56"],
  ["s16", "ABCD", "fffe", "0.1", "-0.2"],
  ["u48", "ABCD", "0000 0001 e240", "1", "123456"],
  ["u64", "CDAB", "e240 0001 0000 0000", "0.001", "123.456"],
  ["bcd32", "ABCD", "1234 5678", "0.01", "123456.78"],
  ["f32", "ABCD", "4366 3333", "1", "230.2"],
  ["f32", "DCBA", "1e85 0b3f", "1", "0.545"],
  ["f32", "ABCD", "4b18 967f", "1", "9999999"],
  ["f64", "ABCD", "405e dd2f 1a9f be77", "1", "123.456"],
  ["u16", "ABCD", "0003", "-1", "-3"],
])("%s %s %s × %s is %s", (type, order, words, scale, text) => {
  expect(textOf(type, order, words, scale)).toBe(text);
});

test.each<[string, WordType, string, string]>([
  ["all-ones in 16 bits", "u16", "ffff", "all_ones"],
  ["all-ones in 64 bits", "u64", "ffffffffffffffff", "all_ones"],
  ["all-ones as a float", "f32", "ffffffff", "all_ones"],
  ["NaN", "f32", "7fc00000", "not_a_number"],
  ["infinity", "f32", "7f800000", "not_a_number"],
  ["minus infinity in 64 bits", "f64", "fff0000000000000", "not_a_number"],
  ["the greatest signed value", "s32", "7fffffff", "sentinel"],
  ["the least signed value", "s64", "8000000000000000", "sentinel"],
  ["a BCD digit above 9", "bcd32", "0000a000", "malformed_payload"],
  ["too few bytes", "u32", "0001", "malformed_payload"],
])("%s is refused", (_title, type, words, reason) => {
  expect(textOf(type, "ABCD", words)).toBe(reason);
});

test("−1 in a signed register is a value", () => expect(textOf("s32", "ABCD", "ffffffff", "0.01")).toBe("-0.01"));

describe("what is encoded is decoded", () => {
  test("every order undoes itself", () => {
    fc.assert(
      fc.property(fc.constantFrom(...ORDERS), fc.uint8Array({ minLength: 8, maxLength: 8 }), (order, bytes) => {
        expect(reordered(order, reordered(order, bytes))).toEqual(bytes);
      }),
    );
  });

  test("integers, for every type, order and scale", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...INTEGERS),
        fc.constantFrom(...ORDERS),
        fc.constantFrom("1", "0.1", "0.01", "0.001", "1000"),
        fc.bigInt({ min: 0n, max: 2n ** 63n }),
        (type, order, scaleText, any) => {
          const limit = type === "bcd32" ? 100_000_000n : 2n ** BigInt(WORDS_OF_TYPE[type] * 16 - 1) - 1n;
          const digits = any % limit;
          const scale = scaleOf(scaleText);
          const bytes = bytesOfMicro(type, order, scale, microOfRaw(digits, 0, scale));
          expect(bytes).toEqual(bytesOfInteger(type, order, digits));
          expect(rawOf(type, order, bytes)).toEqual({ kind: "number", digits, places: 0 });
        },
      ),
    );
  });

  test("floats: the decimal read is the shortest that gives the same bits", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...ORDERS),
        fc.float({ noNaN: true, noDefaultInfinity: true }).filter((x) => x === 0 || Math.abs(x) > 1e-30),
        (order, x) => {
          const bytes = bytesOfFloat("f32", order, x);
          const raw = rawOf("f32", order, bytes);
          if (raw.kind === "invalid") throw new Error(raw.reason);
          expect(Math.fround(+`${raw.digits}e${-raw.places}`)).toBe(x === 0 ? 0 : x);
          expect(`${raw.digits}`.replace("-", "").length).toBeLessThanOrEqual(9);
        },
      ),
    );
  });

  test("doubles come back bit for bit", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (x) => {
        const raw = rawOf("f64", "CDAB", bytesOfFloat("f64", "CDAB", x));
        if (raw.kind === "invalid") throw new Error(raw.reason);
        expect(+`${raw.digits}e${-raw.places}`).toBe(x === 0 ? 0 : x);
      }),
    );
  });

  test("a six-digit meter reading survives a float register", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 999_999 }), fc.integer({ min: 0, max: 3 }), (digits, places) => {
        const micro = BigInt(digits) * 10n ** BigInt(6 - places);
        const raw = rawOf("f32", "DCBA", bytesOfMicro("f32", "DCBA", scaleOf("1"), micro));
        expect(raw.kind === "number" && microOfRaw(raw.digits, raw.places, scaleOf("1"))).toBe(micro);
      }),
    );
  });
});
