import { XMLParser, XMLValidator } from "fast-xml-parser";
import { type EntryText, linesIn } from "./xml-entries.ts";

/** What an Atom entry carries, with the links by which entries of a feed find each other. Prefixes and hosts are gone. */
export type EspiEntry = {
  readonly line: number;
  readonly title: string;
  readonly id: string;
  /** `self` as it was written, host included. */
  readonly address: string;
  readonly self: string;
  readonly up: string;
  readonly related: readonly string[];
  readonly content: readonly EspiResource[];
};
export type EspiResource =
  | { readonly kind: "UsagePoint"; readonly serviceKind: number | null }
  | { readonly kind: "MeterReading" }
  | { readonly kind: "ReadingType"; readonly type: ReadingType }
  | { readonly kind: "LocalTimeParameters"; readonly time: LocalTime }
  | { readonly kind: "IntervalBlock"; readonly start: number | null; readonly readings: readonly IntervalReading[] }
  | { readonly kind: "other"; readonly name: string };

/** Codes as the feed gives them; null where it is silent. */
export type ReadingType = {
  readonly accumulation: number | null;
  readonly commodity: number | null;
  readonly flow: number | null;
  readonly intervalSeconds: number | null;
  readonly multiplier: number;
  readonly uom: number | null;
  readonly tou: number;
  readonly tier: number;
  readonly qualifier: number | null;
  readonly defaultQuality: number | null;
};
export type LocalTime = {
  readonly tzOffset: string;
  readonly dstOffset: string;
  readonly startRule: string;
  readonly endRule: string;
};

/** As it stands in the file: text that is no whole number is `null` and refused later, by its line. */
export type IntervalReading = {
  readonly line: number;
  readonly start: number | null;
  readonly seconds: number | null;
  readonly count: bigint | null;
  readonly text: string;
  readonly qualities: readonly number[];
  /** The feed gave no time of its own: it follows from the block and the interval's length. */
  readonly untimed: boolean;
};

const parser = new XMLParser({
  removeNSPrefix: true,
  ignoreAttributes: false,
  attributeNamePrefix: "@",
  parseTagValue: false,
  parseAttributeValue: false,
  captureMetaData: true,
  isArray: (name) => ["link", "IntervalBlock", "IntervalReading", "ReadingQuality"].includes(name),
});
const META = XMLParser.getMetaDataSymbol() as symbol;

type Node = { readonly [name: string]: unknown };
const nodeOf = (value: unknown): Node => (typeof value === "object" && value !== null ? (value as Node) : {});
const listOf = (value: unknown): readonly unknown[] =>
  Array.isArray(value) ? value : value === undefined ? [] : [value];
const textIn = (value: unknown): string =>
  typeof value === "string" ? value.trim() : textOrEmpty(nodeOf(value)["#text"]);
const textOrEmpty = (value: unknown): string => (typeof value === "string" ? value.trim() : "");
/** A whole number that fits, else null. */
const intOf = (value: unknown): number | null => {
  const text = textIn(value);
  return /^[+-]?\d{1,15}$/.test(text) ? Number.parseInt(text, 10) : null;
};

/** @returns the entry, or why its XML cannot be read */
export function entryOf({ text, line }: EntryText): EspiEntry | { readonly refused: string; readonly line: number } {
  const valid = XMLValidator.validate(text, { allowBooleanAttributes: true });
  if (valid !== true) return { refused: valid.err.msg, line: line + valid.err.line - 1 };
  let entry: Node;
  try {
    entry = nodeOf(nodeOf(parser.parse(text))["entry"]);
  } catch (error) {
    return { refused: error instanceof Error ? error.message : String(error), line };
  }
  const links = listOf(entry["link"]).map(nodeOf);
  const href = (rel: string) =>
    links.filter((link) => link["@rel"] === rel).map((link) => pathOf(textIn(link["@href"])));
  const lines = new LineCounter(text, line);
  const address = textIn(links.find((link) => link["@rel"] === "self")?.["@href"]);
  return {
    line,
    title: textIn(entry["title"]),
    id: textIn(entry["id"]),
    address,
    self: href("self")[0] ?? "",
    up: href("up")[0] ?? "",
    related: href("related"),
    content: listOf(entry["content"]).flatMap((content) => resourcesOf(nodeOf(content), lines)),
  };
}

/** Feeds name the same resource with and without host, and with a slash at the end or none. */
const pathOf = (href: string): string => href.replace(/^https?:\/\/[^/]*/i, "").replace(/\/+$/, "");

function resourcesOf(content: Node, lines: LineCounter): EspiResource[] {
  return Object.entries(content)
    .filter(([name]) => !name.startsWith("@") && name !== "#text")
    .flatMap(([name, value]) => listOf(value).map((one) => resourceOf(name, nodeOf(one), lines)));
}

function resourceOf(name: string, node: Node, lines: LineCounter): EspiResource {
  switch (name) {
    case "UsagePoint":
      return { kind: "UsagePoint", serviceKind: intOf(nodeOf(node["ServiceCategory"])["kind"]) };
    case "MeterReading":
      return { kind: "MeterReading" };
    case "ReadingType":
      return { kind: "ReadingType", type: readingTypeOf(node) };
    case "LocalTimeParameters":
    case "TimeConfiguration":
      return {
        kind: "LocalTimeParameters",
        time: {
          tzOffset: textIn(node["tzOffset"]),
          dstOffset: textIn(node["dstOffset"]),
          startRule: textIn(node["dstStartRule"]),
          endRule: textIn(node["dstEndRule"]),
        },
      };
    case "IntervalBlock":
      return {
        kind: "IntervalBlock",
        start: intOf(nodeOf(node["interval"])["start"]),
        readings: listOf(node["IntervalReading"]).map((one) => readingOf(nodeOf(one), lines)),
      };
    default:
      return { kind: "other", name };
  }
}

const readingTypeOf = (node: Node): ReadingType => ({
  accumulation: intOf(node["accumulationBehaviour"]),
  commodity: intOf(node["commodity"]),
  flow: intOf(node["flowDirection"]),
  intervalSeconds: intOf(node["intervalLength"]),
  multiplier: intOf(node["powerOfTenMultiplier"]) ?? 0,
  uom: intOf(node["uom"]),
  tou: intOf(node["tou"]) ?? 0,
  tier: intOf(node["consumptionTier"]) ?? 0,
  qualifier: intOf(node["dataQualifier"]),
  defaultQuality: intOf(node["defaultQuality"]),
});

function readingOf(node: Node, lines: LineCounter): IntervalReading {
  const period = nodeOf(node["timePeriod"]);
  const text = textIn(node["value"]);
  const meta = (node as { readonly [key: symbol]: { readonly startIndex?: number } | undefined })[META];
  return {
    line: lines.at(meta?.startIndex ?? 0),
    start: intOf(period["start"]),
    seconds: intOf(period["duration"]),
    count: /^[+-]?\d{1,18}$/.test(text) ? BigInt(text) : null,
    text: text.slice(0, 40),
    qualities: listOf(node["ReadingQuality"]).flatMap((one) => intOf(nodeOf(one)["quality"]) ?? []),
    untimed: node["timePeriod"] === undefined,
  };
}

/** Lines of places that come in order: each newline is counted once. */
class LineCounter {
  readonly #text: string;
  readonly #first: number;
  #at = 0;
  #lines = 0;
  constructor(text: string, first: number) {
    this.#text = text;
    this.#first = first;
  }
  at(index: number): number {
    if (index < this.#at) return this.#first + linesIn(this.#text, index);
    for (let i = this.#text.indexOf("\n", this.#at); i >= 0 && i < index; i = this.#text.indexOf("\n", i + 1)) {
      this.#lines++;
      this.#at = i + 1;
    }
    return this.#first + this.#lines;
  }
}
