import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { draftOfJson, tariffJsonSchema } from "../../billing/rate/schema.ts";
import { timetableOf } from "../../billing/rate/timetable.ts";
import { TARIFFS } from "../../catalog/tariffs/catalogue.ts";
import { LANGUAGES, TEXTS } from "../../console/src/i18n/texts.ts";
import type { JsonObject } from "../../console/src/pages/tariffs/editor/document.ts";
import { draftOf, keepDraft, keptDraft, reduceDraft } from "../../console/src/pages/tariffs/editor/draft-state.ts";
import { kindName, newCharge } from "../../console/src/pages/tariffs/editor/new-charge.ts";
import { kindOf, marksOf, type Schema, variantFor, variantsOf } from "../../console/src/pages/tariffs/editor/schema.ts";
import {
  type Clock,
  clockOf,
  gridOf,
  painted,
  withDays,
  withSeason,
  withStep,
} from "../../console/src/pages/tariffs/editor/tou-grid.ts";
import { instant } from "../../domain/instant.ts";
import type { TouClock } from "../../domain/tariff.ts";

const schema = tariffJsonSchema() as Schema;
const charges = schema.properties?.charges?.items ?? {};
const json = (value: unknown): JsonObject => JSON.parse(JSON.stringify(value)) as JsonObject;
const titles = { zh: "费", en: "Charge" };

describe("the form is made of the language's one schema", () => {
  test("and names every field, choice and kind of charge in both languages", () => {
    const missing = new Set<string>();
    const says = (language: "zh" | "en", group: string, ...keys: string[]) =>
      keys.some((key) => Object.hasOwn(TEXTS[language], `${group}.${key}`));
    const look = (node: Schema, owner: string): void => {
      for (const one of variantsOf(node)) {
        for (const [name, inner] of Object.entries(one.properties ?? {})) {
          for (const language of LANGUAGES) {
            if (inner.const === undefined && !says(language, "field", `${owner}.${name}`, name))
              missing.add(`field ${owner}.${name}`);
            if (name === "unit" || name === "currency") continue;
            for (const word of inner.enum ?? [])
              if (!says(language, "choice", `${name}.${word}`, `${owner}.${word}`, word))
                missing.add(`choice ${name}.${word}`);
          }
          look(inner, name);
        }
        if (one.items !== undefined) look(one.items, owner);
      }
    };
    look(schema, "tariff");
    for (const one of variantsOf(charges))
      for (const language of LANGUAGES)
        if (!says(language, "chargeKind", kindName(marksOf(one)))) missing.add(`kind ${kindName(marksOf(one))}`);
    expect([...missing]).toEqual([]);
  });

  test.each(variantsOf(charges).map((one) => kindName(marksOf(one))))("a new %s is right as it begins", (name) => {
    const energy = json({ kind: "energy", form: "flat", id: "base", title: titles, price: "0.5" });
    const charge = newCharge(name, [energy], titles, "2026-07-01");
    const netting = name === "surplus" ? { netting: { by: "period", surplus: "carry" } } : {};
    const [first] = TARIFFS;
    const draft = draftOfJson({ ...json(first), ...netting, tou: undefined, charges: [energy, charge], examples: [] });
    expect("problems" in draft ? draft.problems : []).toEqual([]);
    expect(variantFor(charges, charge)).not.toBeNull();
  });

  test("shows every field that a tariff of the catalogue has", () => {
    const unknown: string[] = [];
    const look = (node: Schema, value: unknown, path: string): void => {
      if (Array.isArray(value)) for (const one of value) look(node.items ?? {}, one, `${path}[]`);
      else if (typeof value === "object" && value !== null) {
        const variant = variantsOf(node).length > 1 ? variantFor(node, value as JsonObject) : node;
        if (variant === null || kindOf(variant) !== "object") return;
        for (const [name, inner] of Object.entries(value))
          if (variant.properties?.[name] === undefined) unknown.push(`${path}.${name}`);
          else look(variant.properties[name], inner, `${path}.${name}`);
      }
    };
    for (const tariff of TARIFFS) look(schema, json(tariff), tariff.id);
    expect(unknown).toEqual([]);
  });
});

describe("hours that are painted", () => {
  const calendar = { holidays: ["2026-10-01", "2026-10-03"], workdays: ["2026-10-10"] };
  const period = fc.constantFrom("peak", "flat", "valley", "sharp");
  const hour = fc
    .integer({ min: 0, max: 47 })
    .map((n) => `${String(n >> 1).padStart(2, "0")}:${n % 2 === 0 ? "00" : "30"}`);
  const rule = (more: object) =>
    fc.record({ period, ...more }).chain((one) =>
      fc
        .option(
          fc.tuple(hour, hour).filter(([a, b]) => a !== b),
          { nil: undefined },
        )
        .map((at) => (at === undefined ? one : { ...one, from: at[0], to: at[1] })),
    );
  const months = fc.option(fc.uniqueArray(fc.integer({ min: 1, max: 12 }), { minLength: 1 }), { nil: undefined });
  const weekdays = fc.option(fc.uniqueArray(fc.integer({ min: 1, max: 7 }), { minLength: 1 }), { nil: undefined });
  const days = fc.option(fc.constantFrom("workday", "restday", "holiday"), { nil: undefined });
  const clocks = fc.oneof(
    fc.record({ rules: fc.array(rule({ months, weekdays }), { maxLength: 5 }), otherwise: period }),
    fc.record({
      rules: fc.array(rule({ months, days }), { maxLength: 5 }),
      otherwise: period,
      calendar: fc.constant(calendar),
    }),
  );
  /** What a bill makes of a clock: half hours of some days, holidays and worked weekends among them. */
  const billed = (clock: Clock): string[] => {
    const table = timetableOf(json(clock) as unknown as TouClock, "Asia/Shanghai");
    return ["2026-02-03", "2026-07-05", "2026-10-01", "2026-10-03", "2026-10-10", "2026-12-31"].flatMap((day) =>
      Array.from(
        { length: 48 },
        (_, n) => table.spanAt(instant(Date.parse(`${day}T00:00:00+08:00`) + n * 1_800_000)).tou,
      ),
    );
  };

  test("are billed as they are shown, whatever the rules were", () => {
    fc.assert(
      fc.property(clocks, (some) => {
        const clock = json(some) as unknown as Clock;
        const grid = gridOf(clock);
        if (grid === null) return expect.fail("a grid shows these");
        expect(billed(clockOf(grid, clock.calendar))).toEqual(billed(clock));
        expect(billed(clockOf(withStep(grid, 15), clock.calendar))).toEqual(billed(clock));
      }),
      { numRuns: 60 },
    );
  });

  test("change where they were painted and nowhere else", () => {
    const grid = gridOf({ rules: [{ period: "peak", from: "08:00", to: "22:00" }], otherwise: "valley" });
    if (grid === null) return expect.fail("no grid");
    const next = painted(withDays(grid, "weekdays"), 0, { rows: [6, 5], cells: [8, 9] }, "flat");
    expect(clockOf(next, undefined).rules).toEqual([
      { period: "peak", weekdays: [1, 2, 3, 4, 5], from: "08:00", to: "22:00" },
      { period: "flat", weekdays: [6, 7], from: "08:00", to: "10:00" },
      { period: "peak", weekdays: [6, 7], from: "10:00", to: "22:00" },
    ]);
    const summer = painted(withSeason(grid, [8, 7]), 1, { rows: [0, 0], cells: [23, 23] }, "peak");
    expect(clockOf(summer, undefined).rules.at(-1)).toEqual({
      period: "peak",
      months: [7, 8],
      from: "23:00",
      to: "24:00",
    });
  });

  test("are left to their rules where a grid cannot show them", () => {
    expect(gridOf({ rules: [{ period: "a", from: "08:07", to: "09:00" }], otherwise: "b" })).toBeNull();
    expect(
      gridOf({
        rules: [
          { period: "a", weekdays: [1] },
          { period: "c", days: "holiday" },
        ],
        otherwise: "b",
      }),
    ).toBeNull();
  });
});

describe("a draft in the browser", () => {
  const document = json({
    id: "x",
    strange: { kept: [1, "2"] },
    charges: [{ id: "a", tiers: [{ upTo: "1" }, { upTo: null }] }],
  });

  test("keeps what no form shows, and its order; typing on in one field is one step back", () => {
    let state = draftOf(document);
    for (const value of ["2", "23", "230"])
      state = reduceDraft(state, { kind: "set", path: ["charges", 0, "tiers", 0, "upTo"], value });
    state = reduceDraft(state, { kind: "set", path: ["zone"], value: "Asia/Shanghai" });
    expect(JSON.stringify(state.document)).toBe(
      '{"id":"x","strange":{"kept":[1,"2"]},"charges":[{"id":"a","tiers":[{"upTo":"230"},{"upTo":null}]}],"zone":"Asia/Shanghai"}',
    );
    state = reduceDraft(reduceDraft(state, { kind: "undo" }), { kind: "undo" });
    expect(state.document).toEqual(document);
    state = reduceDraft(state, { kind: "redo" });
    expect(JSON.stringify(state.document)).toContain("230");
  });

  test("JSON that is broken for a while harms neither the document nor itself, and a reload loses neither", () => {
    const broken = reduceDraft(draftOf(document), { kind: "text", text: '{"id": ' });
    expect(broken).toMatchObject({ document, text: '{"id": ' });
    const mended = reduceDraft(broken, { kind: "text", text: '{"id": "y"}' });
    expect(mended.document).toEqual({ id: "y" });
    const kept = new Map<string, string>();
    const store = {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => void kept.set(key, value),
      removeItem: (key: string) => void kept.delete(key),
    };
    keepDraft(store, "k", { edition: 3, document, text: broken.text });
    expect(keptDraft(store, "k")).toEqual({ edition: 3, document, text: '{"id": ' });
    keepDraft(store, "k", null);
    expect(keptDraft(store, "k")).toBeNull();
    kept.set("k", "nonsense");
    expect(keptDraft(store, "k")).toBeNull();
  });
});
