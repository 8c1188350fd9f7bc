import { describe, expect, test } from "vitest";
import { TENDER_KINDS } from "../../domain/counter.ts";
import { ExpectedJson, REFUSALS } from "../../api/schemas/reading-route.ts";
import { HELD_REASONS } from "../../billing/prepaid/hold.ts";
import { LANGUAGES, languageOf, TEXTS, termOf, textOf } from "../../console/src/i18n/texts.ts";
import { READING_SOURCES } from "../../domain/reading.ts";
import { REFUSAL_REASONS } from "../../domain/refusal.ts";
import { REGISTERS, SUPPLY_STATES } from "../../domain/register.ts";
import { SKIP_REASONS } from "../../ledger/manual-readings.ts";
import { ROUNDS_EVERY } from "../../metering/round.ts";
import { UTILITIES } from "../../domain/unit.ts";
import { TOU_PERIODS } from "../../domain/usage.ts";
import { VERDICT_RESULTS } from "../../domain/verdict.ts";

const keys = Object.keys(TEXTS.en).toSorted();
const namesIn = (text: string) => [...new Set([...text.matchAll(/\{(\w+)\}/g)].map((m) => m[1] ?? ""))].toSorted();

describe("both languages", () => {
  test("have the same keys and no empty text", () => {
    expect(Object.keys(TEXTS.zh).toSorted()).toEqual(keys);
    for (const language of LANGUAGES) {
      const empty = Object.entries(TEXTS[language]).filter(([, text]) => text.trim() === "");
      expect(empty, language).toEqual([]);
    }
  });

  test("fill in the same names", () => {
    for (const key of keys as (keyof typeof TEXTS.en)[])
      expect(namesIn(TEXTS.zh[key]), key).toEqual(namesIn(TEXTS.en[key]));
  });

  test("are not each other: a Chinese text has Chinese in it unless it is a name", () => {
    const same = keys.filter((key) => TEXTS.zh[key as never] === TEXTS.en[key as never]);
    expect(same).toEqual(["meter.link.modbus", "meter.link.mqtt", "source.modbus", "source.mqtt"]);
  });

  test.each([
    ["reason", REFUSAL_REASONS],
    ["register", Object.keys(REGISTERS)],
    ["verdict", Object.keys(VERDICT_RESULTS)],
    ["held", Object.keys(HELD_REASONS)],
    ["utility", UTILITIES],
    ["tou", TOU_PERIODS],
    ["source", Object.keys(READING_SOURCES)],
    ["relay", Object.keys(SUPPLY_STATES)],
    ["channel", TENDER_KINDS],
    ["skip", SKIP_REASONS],
    ["refusal", REFUSALS],
    ["every", ROUNDS_EVERY],
    ["phone.basis", ExpectedJson.shape.basis.options],
  ] as const)("know every %s of the service", (group, words) => {
    for (const word of words)
      for (const language of LANGUAGES) expect(termOf(TEXTS[language], group, word)).not.toBe(word);
  });
});

test("a word that the console does not know is shown as it is", () => {
  expect(termOf(TEXTS.zh, "reason", "struck_by_lightning")).toBe("struck_by_lightning");
  expect(termOf(TEXTS.zh, "constructor", "name")).toBe("name");
});

test("one bill is not two bills", () => {
  expect(textOf(TEXTS.en, "overview.billCount", { n: "1" })).toBe("1 bill");
  expect(textOf(TEXTS.en, "overview.billCount", { n: "1,048" })).toBe("1,048 bills");
  expect(textOf(TEXTS.zh, "overview.billCount", { n: "1" })).toBe("1 张");
});

test.each([
  [null, ["zh-TW", "en"], "zh"],
  [null, ["en-US", "zh-CN"], "en"],
  [null, ["de-DE", "zh-CN"], "zh"],
  [null, ["de-DE"], "en"],
  ["en", ["zh-CN"], "en"],
  ["klingon", ["zh-CN"], "zh"],
] as const)("kept %s, browser %j: %s", (kept, browser, expected) => {
  expect(languageOf(kept, browser)).toBe(expected);
});
