import { CodedError } from "../domain/errors.ts";
import type { Utility } from "../domain/unit.ts";
import { DELTA_DATA, utilityOf } from "./espi-codes.ts";
import {
  type EspiEntry,
  type EspiResource,
  entryOf,
  type IntervalReading,
  type LocalTime,
  type ReadingType,
} from "./espi-entry.ts";
import type { Refused } from "./report.ts";
import { entriesOf } from "./xml-entries.ts";

/** A feed as its links tie it together: usage points, and under them series of values of one reading type. */
export type Feed = {
  readonly usagePoints: readonly FeedPoint[];
  readonly localTime: LocalTime | null;
  readonly refused: readonly Refused[];
};
export type FeedPoint = {
  /** The resource's own address, else its id, else its title: the same in each file of the same custodian. */
  readonly key: string;
  readonly title: string;
  readonly utility: Utility | null;
  readonly series: readonly FeedSeries[];
};
export type FeedSeries = {
  readonly key: string;
  readonly title: string;
  readonly line: number;
  readonly type: ReadingType | null;
  readonly readings: readonly IntervalReading[];
};

/** Most interval values that are held at once to be put in order: 28 years of quarter hours. Our choice. */
export const READINGS_MAX = 1_000_000;

/** Links are followed where there are any; where they are missing, what stands before or alone is meant. */
export async function feedOf(chunks: AsyncIterable<string>): Promise<Feed> {
  const gathered = new Gathered();
  for await (const text of entriesOf(chunks)) {
    if (text.cut) {
      gathered.refused.push({ line: text.line, what: "entry", why: "the file ends inside this entry: it was cut off" });
      continue;
    }
    const entry = entryOf(text);
    if ("refused" in entry) gathered.refused.push({ line: entry.line, what: "entry", why: entry.refused });
    else gathered.add(entry);
  }
  if (gathered.points.length === 0 && gathered.blocks.length === 0 && gathered.refused.length === 0) {
    throw new CodedError(
      "request.invalid",
      "The feed has entries, but none with usage points or interval data. Nothing was written.",
    );
  }
  return gathered.feed();
}

type Block = {
  readonly entry: EspiEntry;
  readonly readings: readonly IntervalReading[];
  readonly before: Of<"MeterReading"> | null;
};
type Of<K extends EspiResource["kind"]> = {
  readonly entry: EspiEntry;
  readonly resource: Extract<EspiResource, { kind: K }>;
};

class Gathered {
  readonly points: Of<"UsagePoint">[] = [];
  readonly meters: Of<"MeterReading">[] = [];
  readonly types: Of<"ReadingType">[] = [];
  readonly blocks: Block[] = [];
  readonly refused: Refused[] = [];
  localTime: LocalTime | null = null;
  #count = 0;

  add(entry: EspiEntry): void {
    for (const resource of entry.content) {
      switch (resource.kind) {
        case "UsagePoint":
          this.points.push({ entry, resource });
          break;
        case "MeterReading":
          this.meters.push({ entry, resource });
          break;
        case "ReadingType":
          this.types.push({ entry, resource });
          break;
        case "LocalTimeParameters":
          this.localTime ??= resource.time;
          break;
        case "IntervalBlock":
          this.#block(entry, resource);
          break;
        case "other":
          break;
      }
    }
  }

  #block(entry: EspiEntry, { readings, start }: Extract<EspiResource, { kind: "IntervalBlock" }>): void {
    this.#count += readings.length;
    if (this.#count > READINGS_MAX)
      throw new CodedError(
        "request.too-large",
        `The feed holds more than ${READINGS_MAX} interval values: split it. Nothing was written.`,
      );
    // A value without a time of its own keeps the block's start until the reading type tells the interval's length.
    const placed = start === null ? readings : readings.map((one) => (one.untimed ? { ...one, start } : one));
    this.blocks.push({ entry, readings: placed, before: this.meters.at(-1) ?? null });
  }

  feed(): Feed {
    const byMeter = new Map<string, { meter: Of<"MeterReading"> | null; blocks: Block[] }>();
    for (const block of this.blocks) {
      const meter = this.#meterOf(block);
      const key = meter === null ? "" : keyOf(meter.entry);
      const of = byMeter.get(key);
      if (of === undefined) byMeter.set(key, { meter, blocks: [block] });
      else of.blocks.push(block);
    }
    const byPoint = new Map<Of<"UsagePoint"> | null, FeedSeries[]>(this.points.map((point) => [point, []]));
    for (const [key, { meter, blocks }] of byMeter) {
      const first = blocks[0];
      if (first === undefined) continue;
      const type = this.#typeOf(meter, first);
      const series: FeedSeries = {
        key,
        title: meter?.entry.title ?? first.entry.title,
        line: first.entry.line,
        type,
        readings: blocks.flatMap((block) => timed(block.readings, type)),
      };
      const point = this.#pointOf(meter?.entry ?? first.entry);
      byPoint.set(point, [...(byPoint.get(point) ?? []), series]);
    }
    return {
      usagePoints: [...byPoint].map(([point, series]) => ({
        key: point === null ? "" : identityOf(point.entry),
        title: point?.entry.title ?? "",
        utility: utilityOf(point?.resource.serviceKind ?? null, series[0]?.type?.commodity ?? null),
        series,
      })),
      localTime: this.localTime,
      refused: this.refused,
    };
  }

  #meterOf({ entry, before }: Block): Of<"MeterReading"> | null {
    const linked = this.meters.find(
      ({ entry: meter }) =>
        (entry.up !== "" && meter.related.includes(entry.up)) ||
        (entry.self !== "" && meter.related.includes(entry.self)) ||
        under(entry.up, meter.self) ||
        under(entry.self, meter.self),
    );
    return linked ?? (this.meters.length === 1 ? (this.meters[0] ?? null) : before);
  }

  #typeOf(meter: Of<"MeterReading"> | null, block: Block): ReadingType | null {
    const together = [meter?.entry, block.entry]
      .flatMap((entry) => entry?.content ?? [])
      .find((one) => one.kind === "ReadingType");
    if (together?.kind === "ReadingType") return together.type;
    const related = new Set([...(meter?.entry.related ?? []), ...block.entry.related]);
    const linked = this.types.find(({ entry }) => entry.self !== "" && related.has(entry.self));
    return (linked ?? (this.types.length === 1 ? this.types[0] : undefined))?.resource.type ?? null;
  }

  #pointOf(entry: EspiEntry): Of<"UsagePoint"> | null {
    const linked = this.points.find(
      ({ entry: point }) =>
        under(entry.self, point.self) ||
        under(entry.up, point.self) ||
        (entry.up !== "" && point.related.includes(entry.up)),
    );
    if (linked !== undefined) return linked;
    // Without links: the last usage point that was told before.
    return this.points.filter((point) => point.entry.line <= entry.line).at(-1) ?? this.points[0] ?? null;
  }
}

const under = (path: string, above: string): boolean =>
  above !== "" && (path === above || path.startsWith(`${above}/`));
const keyOf = (entry: EspiEntry): string => entry.self || entry.id || entry.title || `line ${entry.line}`;
/** A relative address is the same for customers of different custodians: there the id says more. */
const identityOf = (entry: EspiEntry): string =>
  (/^https?:/i.test(entry.address) ? entry.address : entry.id) || entry.address || entry.title;

/** espi.xsd, IntervalReading.timePeriod: when it is absent there is one value for each `intervalLength`, one after the other. */
function timed(readings: readonly IntervalReading[], type: ReadingType | null): readonly IntervalReading[] {
  const seconds = type?.intervalSeconds ?? null;
  return readings.map((one, i) => {
    if (!one.untimed) return one.seconds === null && one.start !== null ? { ...one, seconds } : one;
    if (one.start === null || seconds === null || seconds <= 0) return one;
    return { ...one, start: one.start + i * seconds, seconds };
  });
}

/** The type that a person states for values that come without one: use per interval in this unit. */
export const statedType = (uom: number): ReadingType => ({
  accumulation: DELTA_DATA,
  commodity: null,
  flow: null,
  intervalSeconds: null,
  multiplier: 0,
  uom,
  tou: 0,
  tier: 0,
  qualifier: null,
  defaultQuality: null,
});
