import { describe, expect, test } from "vitest";
import { draftOfJson } from "../../billing/rate/schema.ts";
import { policyDraftOfJson } from "../../billing/prepaid/policy-schema.ts";
import { policyPublicationProblems } from "../../billing/prepaid/policy-problems.ts";
import { POLICIES } from "../../catalog/policies/catalogue.ts";
import type { Day } from "../../domain/period.ts";
import { TARIFFS } from "../../catalog/tariffs/catalogue.ts";
import { LANGUAGES } from "../../console/src/i18n/texts.ts";
import { spoken } from "../../console/src/pages/tariffs/difference-words.ts";
import type { JsonObject } from "../../console/src/pages/tariffs/editor/document.ts";
import { problemOfText, problemWords } from "../../console/src/pages/tariffs/editor/problem-words.ts";

const json = (value: unknown): JsonObject => JSON.parse(JSON.stringify(value)) as JsonObject;
const titles = { zh: "费", en: "Charge" };

describe("what is wrong, in Chinese", () => {
  const [first] = TARIFFS;
  const energy = { kind: "energy", form: "flat", id: "a", title: titles, price: "1" };
  const ladder = { ...energy, form: "graduated", price: undefined };
  const tiers = [
    { upTo: "10", price: "1" },
    { upTo: null, price: "2" },
  ];
  const wrong: readonly (readonly [string, object])[] = [
    ["no title, no source", { title: { zh: "", en: "x" }, source: [] }],
    ["a strange field", { colour: "red" }],
    [
      "kinds and forms that are none",
      { charges: [{ ...energy, kind: "enrgy" }, { ...energy, form: "tiered" }, energy.title] },
    ],
    ["a list for an object, too much, too long", { charges: { a: 1 }, version: "x".repeat(70), title: [] }],
    [
      "an odd time of use",
      {
        charges: [
          { ...energy, price: { Valley: "1" } },
          { ...energy, price: {} },
        ],
      },
    ],
    [
      "the window of a demand",
      { charges: [energy, { kind: "demand", id: "d", title: titles, price: "1", window: 90.5 }] },
    ],
    ["an unknown unit and zone", { unit: "acre", zone: "Asia/Nowhere" }],
    ["days that are none", { effectiveFrom: "2026-02-30", effectiveTo: "soon" }],
    ["an end before its beginning", { effectiveFrom: "2026-02-01", effectiveTo: "2026-01-01" }],
    [
      "tiers that fall, and a last one with an end",
      {
        charges: [
          {
            ...ladder,
            ladder: { basis: "month" },
            tiers: [
              { upTo: "10", price: "1" },
              { upTo: "5", price: "x" },
            ],
          },
        ],
      },
    ],
    [
      "tiers that fall",
      {
        charges: [
          {
            ...ladder,
            ladder: { basis: "month" },
            tiers: [
              { upTo: "0", price: "1" },
              { upTo: null, price: "1" },
              { upTo: "5", price: "1" },
            ],
          },
        ],
      },
    ],
    [
      "a ladder's odds and ends",
      {
        charges: [
          {
            ...ladder,
            ladder: {
              basis: "month",
              yearStart: "01-01",
              household: [{ fromPersons: 5, each: "person", add: "1", per: "year" }],
            },
            tiers: [{ upTo: null, upToPerKw: "5", price: "1" }, ...tiers.slice(1)],
          },
        ],
      },
    ],
    [
      "seasons that overlap",
      {
        charges: [
          {
            ...ladder,
            ladder: { basis: "month" },
            tiers,
            seasons: [
              { months: [1, 2], tiers },
              { months: [2], tiers },
            ],
          },
        ],
      },
    ],
    [
      "hours without a price",
      {
        tou: {
          rules: [
            { period: "peak", from: "08:00", to: "08:00" },
            { period: "low", from: "24:00", to: "02:00" },
            { period: "odd", from: "01:00" },
          ],
          otherwise: "flat",
        },
        charges: [{ ...energy, price: { peak: "1" } }],
      },
    ],
    [
      "names twice and unknown",
      { charges: [energy, energy, { kind: "percentage", id: "p", title: titles, of: ["nobody"] }] },
    ],
    [
      "both ways at once",
      {
        charges: [
          energy,
          { kind: "credit", id: "c", title: titles, amount: "1", rate: "0.1" },
          { kind: "demand", id: "d", title: titles, sliding: true, contracted: { over: "1" } },
        ],
      },
    ],
    ["a surplus of nothing", { charges: [energy, { kind: "surplus", id: "s", title: titles, month: 13, price: "1" }] }],
    [
      "rounding to nothing, below zero",
      {
        charges: [
          { ...energy, roundTo: "0" },
          { kind: "minimum", id: "m", title: titles, amount: "-1", per: "month" },
        ],
      },
    ],
    [
      "a fee and its brackets, hours that are none",
      {
        charges: [
          energy,
          {
            kind: "standing",
            id: "s",
            title: titles,
            per: "month",
            price: "1",
            tiers,
            by: "kW",
            part: "whole",
            capacity: "kW",
          },
          { kind: "standing", id: "t", title: titles, per: "month", price: "1", by: "kW" },
          {
            kind: "demand",
            id: "d",
            title: titles,
            price: { peak: "1" },
            window: 15,
            coincident: {
              hours: [
                { from: "noon", to: "2026-07-01T12:00" },
                { from: "2026-07-01T12:00", to: "2026-07-01T11:00" },
              ],
            },
          },
        ],
      },
    ],
    ["an id in capitals", { id: "ABC", charges: [{ ...energy, id: "A B" }] }],
  ];
  test.each(wrong)("%s: no message is left in English", (_, change) => {
    const draft = draftOfJson(json({ ...json(first), tou: undefined, ...change, examples: [] }));
    if (!("problems" in draft)) return expect.fail("it is wrong");
    expect(
      draft.problems.map(({ message }) => problemWords(message, "zh")).filter((text) => !/\p{Script=Han}/u.test(text)),
    ).toEqual([]);
    for (const { message } of draft.problems) expect(problemWords(message, "en")).toBe(message);
  });
});

test("what is wrong with a prepaid policy has Chinese words, of fields, between them and beside what is published", () => {
  const [first] = POLICIES;
  if (first === undefined) return expect.fail("no policy");
  const base = json(first);
  const drafts: readonly object[] = [
    { warn1: "10.001", cutBelow: "x", reconnectAbove: undefined },
    { warn1: "10.001" },
    { warn1: "1", warn2: "2", cutBelow: "3", reconnectAbove: "2", closePermitFrom: "1" },
    { emergencyCredit: { amount: "0", offeredBelow: "-9999" }, hoarding: { balanceMax: "-1", topUpMax: "0" } },
    { emergencyCredit: { amount: "0", offeredBelow: "-9999" }, hoarding: { balanceMax: "1", topUpMax: "0" } },
    { utilities: ["gas"], coldAtC: 30, hotAtC: 20, protectedHours: [{ from: "08:00", to: "08:00" }] },
    {
      utilities: ["steam"],
      holidays: "mars",
      channels: { warn1: [], colour: ["x"] },
      protectedHours: [{ from: "8", to: "25:00" }],
    },
    {
      debtShare: { percent: 101 },
      cutsPerHourMax: -1,
      protectedDays: ["2026-02-30"],
      source: [],
      paused: false,
      cutBy: "x",
    },
    { noticeMinutes: 1.5, readingAgeMinutesMax: "x", protectedWeekdays: [8], hotAtC: 99, id: "A B", title: { zh: "" } },
  ];
  const messages = drafts.flatMap((change) => {
    const draft = policyDraftOfJson(json({ ...base, ...change }));
    return "problems" in draft ? draft.problems.map(({ message }) => message) : expect.fail(JSON.stringify(change));
  });
  const beside = policyPublicationProblems([first], first, { today: "2999-01-01" as Day, currency: "EUR" });
  messages.push(...beside.map((text) => problemOfText(text).message));
  expect(new Set(messages).size).toBeGreaterThan(25);
  expect(messages.map((text) => problemWords(text, "zh")).filter((text) => !/\p{Script=Han}/u.test(text))).toEqual([]);
  expect(problemWords("2 is not above warn2 (5)", "zh")).toBe("2 须高于末次预警金额（5）");
});

test("a difference is said by tier and field with its unit, in both languages", () => {
  const document = json({
    unit: "kWh",
    currency: "CNY",
    charges: [{ id: "energy", title: { zh: "电费", en: "Energy" } }],
  });
  const say = (path: (string | number)[], before: unknown, after: unknown) =>
    LANGUAGES.map((language) => {
      const one = spoken({ path, before, after }, { language, document });
      return [one.place, one.before, one.after, one.note].filter((part) => part !== null).join("|");
    });
  expect(say(["charges", "energy", "tiers", 1, "price"], "0.5883", "0.6083")).toEqual([
    "电费 · 第 2 档 · 单价|0.5883 CNY/kWh|0.6083 CNY/kWh",
    "Energy · Tier 2 · Price|0.5883 CNY/kWh|0.6083 CNY/kWh",
  ]);
  expect(say(["charges", "energy", "tiers", 0, "price", "peak"], "0.5", "0.6")[1]).toBe(
    "Energy · Tier 1 · Price · Peak|0.5 CNY/kWh|0.6 CNY/kWh",
  );
  expect(say(["charges", "energy", "tiers", 0, "upTo"], "230", "240")[1]).toBe(
    "Energy · Tier 1 · Up to|230 kWh|240 kWh",
  );
  expect(say(["tou", "rules"], null, { period: "valley", from: "22:00", to: "08:00", months: [7, 8] })[1]).toBe(
    "Times of use · Rules|Valley Season 7, 8 22:00–08:00|added",
  );
  expect(
    say(["charges", "fund"], null, { kind: "volume", id: "fund", title: { zh: "基金", en: "Fund" }, price: "0.01" })[0],
  ).toMatch(/^fund\|按用量附加\|added/);
});
