import fc from "fast-check";
import { expect, test } from "vitest";
import { instant } from "../../domain/instant.ts";
import { openPaygoToken, type OpenPaygoMemory, readOpenPaygo, startingCodeOf } from "../../tokens/openpaygo.ts";
import { sipHash24 } from "../../tokens/siphash.ts";
import { decoderKey02, decryptEa07, encryptEa07, type StsMeter } from "../../tokens/sts-cipher.ts";
import { carriedValue, grouped, nextTid, readSts, STS_VALUE_MAX, stsToken, tidOf } from "../../tokens/sts-token.ts";

const KEY = Uint8Array.from({ length: 16 }, (_, i) => i);
const METER: StsMeter = {
  iin: "600727",
  iain: "00000000042",
  supplyGroup: "999999",
  tariffIndex: "01",
  keyRevision: 1,
  keyType: 2,
};
const VENDING = Buffer.from("0123456789abcdef", "hex");

test("SipHash-2-4 gives the answer of its authors' paper", () => {
  const message = Uint8Array.from({ length: 15 }, (_, i) => i);
  expect(sipHash24(KEY, message)).toBe(0xa129ca6149be45e5n);
  expect(() => sipHash24(KEY.subarray(1), message)).toThrow("16 bytes");
});

test("extended OpenPAYGO tokens are those that the reference implementation publishes", () => {
  const device = { key: Buffer.from("bc41ec9530f6dac86b1a29ab82edc5fb", "hex"), startingCode: 516_959_010 };
  const ask = (kind: "add" | "set", value: number, restricted: boolean) =>
    openPaygoToken(device, { kind, value, count: 1 }, { extended: true, restricted }).token;
  // EnAccess/OpenPAYGO-python, test/test_tokens.jsonl
  expect(ask("add", 1, false)).toBe("247264959011");
  expect(ask("add", 2, false)).toBe("088026959012");
  expect(ask("add", 995, true)).toBe("13441221313132344122");
  expect(ask("set", 5, false)).toBe("925720959015");
});

test("an OpenPAYGO device takes each token once, older adding ones late, and nothing of another device", () => {
  const device = { key: KEY, startingCode: startingCodeOf(KEY) };
  let memory: OpenPaygoMemory = { count: 0, used: [] };
  const add = (value: number, count: number) => openPaygoToken(device, { kind: "add", value, count }).token;
  const type = (token: string) => {
    const read = readOpenPaygo(device, memory, token);
    if ("memory" in read) memory = read.memory;
    return read;
  };
  expect(type(add(30, 0))).toMatchObject({ kind: "add", value: 30, count: 2 });
  expect(type(add(30, 0)).kind).toBe("used");
  expect(type(add(7, 4))).toMatchObject({ count: 6 });
  expect(type(add(5, 2))).toMatchObject({ count: 4, value: 5 }); // skipped, typed late
  expect(type(add(5, 2)).kind).toBe("used");
  const set = openPaygoToken(device, { kind: "set", value: 0, count: 6 });
  expect(type(set.token)).toMatchObject({ kind: "set", count: 7 });
  expect(type(add(9, 4)).kind).toBe("used"); // setting closes what came before
  expect(type(add(1, 72)).kind).toBe("invalid"); // 74: more than 64 ahead
  const sync = openPaygoToken(device, { kind: "sync", value: 0, count: 72 });
  expect(type(sync.token)).toMatchObject({ kind: "sync", count: 73 });
  expect(type(add(1, 73))).toMatchObject({ kind: "add", count: 74 });
  const other = { key: KEY.map((byte) => byte ^ 1), startingCode: device.startingCode };
  expect(readOpenPaygo(other, { count: 0, used: [] }, add(30, 0)).kind).toBe("invalid");
  expect(readOpenPaygo(device, memory, "12345").kind).toBe("invalid");
  expect(() => openPaygoToken(device, { kind: "add", value: 996, count: 0 })).toThrow("at most 995");
});

test("an STS token is read by its own meter alone, and one wrong digit spoils it", () => {
  const key = decoderKey02(METER, VENDING);
  const token = stsToken(key, {
    content: { kind: "credit", utility: "electricity", tenths: 1005 },
    tid: 5_000_000,
    random: 3,
  });
  expect(token).toMatch(/^\d{20}$/);
  expect(readSts(key, token)).toEqual({
    kind: "read",
    content: { kind: "credit", utility: "electricity", tenths: 1005 },
    tid: 5_000_000,
    random: 3,
  });
  expect(readSts(decoderKey02({ ...METER, iain: "00000000043" }, VENDING), token).kind).toBe("invalid");
  for (let at = 0; at < 20; at++) {
    const digit = (Number(token[at]) + 1) % 10;
    expect(readSts(key, `${token.slice(0, at)}${digit}${token.slice(at + 1)}`).kind).toBe("invalid");
  }
  expect(
    grouped(token)
      .split(" ")
      .map((part) => part.length),
  ).toEqual([4, 4, 4, 4, 4]);
});

test("engineering tokens of class 2 come back as they were asked for", () => {
  const key = decoderKey02(METER, VENDING);
  for (const content of [
    { kind: "max_power", watts: 5000 },
    { kind: "clear_credit", register: 0xffff },
    { kind: "clear_tamper" },
  ] as const)
    expect(readSts(key, stsToken(key, { content, tid: 77, random: 15 }))).toMatchObject({ kind: "read", content });
  const heat = { kind: "credit", utility: "heat", tenths: 1 } as const;
  expect(() => stsToken(key, { content: heat, tid: 1, random: 0 })).toThrow("heat");
});

test("deciphering undoes enciphering, and the value field never hands over less than was asked for", () => {
  const word = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });
  fc.assert(
    fc.property(word, word, (key, block) => decryptEa07(key, encryptEa07(key, block)) === block),
    { seed: 4, numRuns: 200 },
  );
  fc.assert(
    fc.property(fc.integer({ min: 0, max: STS_VALUE_MAX }), (tenths) => {
      const carried = carriedValue(tenths);
      const step = tenths <= 16_384 ? 1 : tenths <= 180_224 ? 10 : tenths <= 1_818_624 ? 100 : 1000;
      return carried >= tenths && carried - tenths < step && carriedValue(carried) === carried;
    }),
    { seed: 5, numRuns: 500 },
  );
  expect(() => carriedValue(STS_VALUE_MAX + 1)).toThrow("up to");
});

test("the reserved minute of a day is passed by, on all three bases", () => {
  const at = (iso: string) => instant(Date.parse(iso));
  expect(tidOf(at("1993-01-01T00:00:30Z"), 1993)).toBe(0);
  expect(tidOf(at("1993-01-01T00:01:00Z"), 1993)).toBe(2);
  expect(tidOf(at("2014-01-01T00:02:59Z"), 2014)).toBe(2);
  expect(tidOf(at("2035-01-02T00:01:59Z"), 2035)).toBe(1442);
  expect([nextTid(0), nextTid(2), nextTid(1440)]).toEqual([2, 3, 1442]);
  expect(() => tidOf(at("2013-12-31T23:59:59Z"), 2014)).toThrow("base 2014");
  expect(() => tidOf(at("2026-01-01T00:00:00Z"), 1993)).toThrow("base 1993");
});
