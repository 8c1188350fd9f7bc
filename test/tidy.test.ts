import { readdir, readFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

/** The house rules that a machine can check: which room may import which, how long a file is, what a pure room never touches. */
const root = fileURLToPath(new URL("..", import.meta.url));

/** Room → rooms it may import from. `"*"` is a shell: it wires rooms together. A deeper folder overrules the one above. */
const ARROWS: Record<string, readonly string[] | "*"> = {
  domain: [],
  catalog: ["domain"],
  metering: ["domain"],
  schema: ["domain"],
  ledger: ["domain", "schema"],
  billing: ["domain", "metering", "ledger", "schema", "catalog", "tokens"],
  validation: ["domain", "catalog", "metering", "ledger", "schema"],
  collectors: ["domain", "catalog", "ledger", "schema"],
  broker: ["domain"],
  interchange: ["domain", "ledger", "schema"],
  paper: ["domain", "ledger", "schema", "billing"],
  notices: ["domain", "catalog", "ledger", "schema"],
  tokens: ["domain"],
  simulators: ["domain", "catalog", "tokens"],
  demo: ["domain", "catalog", "schema", "ledger", "billing", "simulators", "broker", "api"],
  api: ["domain", "catalog", "metering", "schema", "ledger", "billing", "interchange", "paper", "tokens"],
  trial: ["domain", "catalog", "schema", "ledger", "billing", "notices", "simulators"],
  console: ["domain", "api"],
  cli: "*",
  bin: "*",
  test: "*",
  bench: "*",
};

/** Rooms and files whose result depends on their arguments alone. */
const PURE = [
  /^domain\//,
  /^catalog\//,
  /^metering\//,
  /^tokens\//,
  /^billing\/(rate|bill)\b/,
  /^billing\/prepaid\/decide\.ts$/,
  /^billing\/prepaid\/policy-problems\.ts$/,
  /^billing\/prepaid\/policy-problems\.ts$/,
  /^billing\/prepaid\/tonight\/forecast\.ts$/,
  /^billing\/publication\.ts$/,
  /^billing\/explain\/proration\.ts$/,
  /^billing\/what-if\/(rated|replacement|summary)\.ts$/,
  /^billing\/tokens\/scheme\.ts$/,
  /^validation\/meter-day\.ts$/,
  /^paper\/(bill-sheet|bill-html|figures|words|use-chart|payment-code|cycle-rows|bill-title|statement-cells|proration-words|e-invoice\/(invoice|ubl|shudian|en16931))\.ts$/,
  /^collectors\/decode\//,
];
const IMPURE: readonly [RegExp, string][] = [
  [/\bDate\.now\b|\bnew Date\b|\bTemporal\.Now\b|\bperformance\.now\b/, "a clock"],
  [/\bMath\.random\b|\brandomUUID\b|\brandomBytes\b/, "chance"],
  [/\bprocess\.(env|argv|cwd)\b/, "the environment"],
  [/\bparseFloat\s*\(/, "float parsing"],
  [/from "node:(fs|net|http|child_process|timers)/, "input or output"],
];

/** The environment is read by shells only. */
const SHELLS = [
  /(^|\/)main\.ts$/,
  /^cli\//,
  /^test\//,
  /^bench\//,
  /^bin\//,
  /^console\/vite\.config\.ts$/,
  /^schema\/embedded\//,
];

const LINES_MAX = 400;

const files = (await readdir(root, { recursive: true, withFileTypes: true }))
  .filter((entry) => entry.isFile() && /\.(ts|tsx|mts|mjs)$/.test(entry.name))
  .map((entry) => relative(root, join(entry.parentPath, entry.name)))
  .filter((path) => !/(^|\/)(node_modules|dist|data)\//.test(path));
const sources = new Map(
  await Promise.all(files.map(async (path) => [path, await readFile(join(root, path), "utf8")] as const)),
);

const roomOf = (path: string): string => path.split("/")[0] ?? "";
/** Code without comments and texts, so that a word in a sentence is not a call. */
const codeOf = (source: string): string =>
  source
    .replace(/\/\*[\s\S]*?\*\//g, "")
    .replace(/^\s*\/\/.*$/gm, "")
    .replace(/([^:])\/\/.*$/gm, "$1");

test("rooms import along the arrows only", () => {
  const against: string[] = [];
  for (const [path, source] of sources) {
    const arrows = path.includes("/") ? ARROWS[roomOf(path)] : "*";
    if (arrows === undefined) against.push(`${path}: a room that the arrows do not name`);
    if (arrows === undefined || arrows === "*" || /(^|\/)main\.ts$/.test(path)) continue;
    for (const [, target] of source.matchAll(/(?:from|import\()\s*"(\.[^"]+)"/g)) {
      const room = roomOf(join(dirname(path), target ?? ""));
      if (room !== roomOf(path) && !arrows.includes(room)) against.push(`${path} -> ${target}`);
    }
  }
  expect(against).toEqual([]);
});

test("the console takes nothing but types from other rooms", () => {
  const taken: string[] = [];
  for (const [path, source] of sources) {
    if (roomOf(path) !== "console") continue;
    for (const [line, target] of source.matchAll(/^import (?!type ).*?from "(\.[^"]+)";$/gm)) {
      if (roomOf(join(dirname(path), target ?? "")) !== "console") taken.push(`${path}: ${line}`);
    }
  }
  expect(taken).toEqual([]);
});

test(`no file is longer than ${LINES_MAX} lines`, () => {
  const long = [...sources]
    .map(([path, source]) => ({ path, lines: source.split("\n").length }))
    .filter((file) => file.lines > LINES_MAX);
  expect(long).toEqual([]);
});

test("pure rooms have no clock, chance, environment, float parsing or input and output", () => {
  const found: string[] = [];
  for (const [path, source] of sources) {
    if (!PURE.some((room) => room.test(path))) continue;
    for (const [pattern, what] of IMPURE) if (pattern.test(codeOf(source))) found.push(`${path}: ${what}`);
  }
  expect(found).toEqual([]);
});

test("only shells read the environment", () => {
  const found = [...sources].filter(
    ([path, source]) => /\bprocess\.env\b/.test(codeOf(source)) && !SHELLS.some((shell) => shell.test(path)),
  );
  expect(found.map(([path]) => path)).toEqual([]);
});

test("helpers live with their noun: no drawer of odds and ends, no barrel file", () => {
  const drawers = files.filter((path) => /(^|\/)(utils?|common|helpers?|misc|shared|index)(\.tsx?|\/)/.test(path));
  expect(drawers).toEqual([]);
});

test("every room says what it owns in at most 40 lines", async () => {
  const rooms = Object.keys(ARROWS).filter((room) => !["test", "bench", "bin"].includes(room));
  const readmes = await Promise.all(
    rooms.map(async (room) => ({ room, text: await readFile(join(root, room, "README.md"), "utf8").catch(() => "") })),
  );
  const wrong = readmes.filter(({ text }) => text === "" || text.trimEnd().split("\n").length > 40);
  expect(wrong.map(({ room }) => room)).toEqual([]);
});

test("nothing is switched off in a test except where a reference folder or a right is absent", () => {
  const skipped = [...sources].filter(
    ([path, source]) =>
      path.startsWith("test/") &&
      path !== "test/tidy.test.ts" &&
      /\b(test|describe|it)\.(skip|todo|only)\(/.test(source),
  );
  expect(skipped.map(([path]) => path)).toEqual([]);
});
