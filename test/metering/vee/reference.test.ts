import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { RULE_GROUPS } from "../../../catalog/vee/catalogue.ts";
import { VEE_RULES } from "../../../domain/vee.ts";
import { RULES } from "../../../metering/vee/catalogue.ts";

/** The page a clerk reads says what the code does: rows of its tables are made from the catalogue and looked for. */
const page = readFile(new URL("../../../docs/reference/vee.md", import.meta.url), "utf8");

const ruleRows = (): string[] =>
  VEE_RULES.map((name) => {
    const { version, title, applies } = RULES[name];
    const utilities = applies.utilities === "all" ? "all" : applies.utilities.join(", ");
    const groups = RULE_GROUPS.filter(({ rules }) => rules[name] !== undefined).map(({ id }) => id);
    return `| \`${name}\` | ${version} | ${title.en} | ${title.zh} | ${utilities} | ${applies.kinds.join(", ")} | ${groups.join(", ")} |`;
  });
const thresholdRows = (): string[] =>
  VEE_RULES.flatMap((name) =>
    Object.entries(RULES[name].defaults).map(
      ([threshold, { value, source, why }]) => `| \`${name}.${threshold}\` | ${value} | ${source} | ${why} |`,
    ),
  );
const groupRows = (): string[] =>
  RULE_GROUPS.flatMap(({ id, rules, why }) =>
    Object.entries(rules).flatMap(([rule, changed]) =>
      Object.entries(changed).map(
        ([threshold, value]) => `| ${id} | \`${rule}.${threshold}\` | ${value} | ${why[`${rule}.${threshold}`]} |`,
      ),
    ),
  );

test.each([
  ["rules", ruleRows],
  ["thresholds", thresholdRows],
  ["groups", groupRows],
] as const)("the reference lists the %s as they are, and no others", async (heading, rowsOf) => {
  const text = await page;
  const section = text.split(/^## /m).find((part) => part.toLowerCase().startsWith(heading)) ?? "";
  // A formatter may pad the columns.
  const listed = section
    .split("\n")
    .map((line) => line.replaceAll(/\s*\|\s*/g, " | ").trim())
    .filter((line) => line.startsWith("| ") && !/^\| (rule|threshold|group|-+) \|/.test(line));
  expect(listed).toEqual(rowsOf());
});

test("every default says that it is ours, and why", () => {
  for (const name of VEE_RULES) {
    for (const { source, why } of Object.values(RULES[name].defaults)) {
      expect(source).toBe("ours");
      expect(why.length).toBeGreaterThan(20);
    }
  }
});
