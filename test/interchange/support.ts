import { instant } from "../../domain/instant.ts";
import { type GreenButtonImport, importGreenButton } from "../../interchange/greenbutton-import.ts";
import { importReadings } from "../../interchange/readings-import.ts";
import type { Database } from "../../schema/database.ts";

export const NOW = instant(Date.UTC(2026, 5, 1));

/** Text in pieces of a size that cuts through tags. */
export async function* pieces(text: string, size = 997): AsyncGenerator<string> {
  for (let i = 0; i < text.length; i += size) yield await Promise.resolve(text.slice(i, i + size));
}

type Own = Partial<Omit<GreenButtonImport, "db" | "operatorId" | "chunks">>;
export const greenButton = (db: Database, operatorId: bigint, xml: string, options: Own = {}) =>
  importGreenButton({ db, operatorId, chunks: pieces(xml), now: NOW, dryRun: false, ...options });
export const csv = (db: Database, operatorId: bigint, text: string, dryRun = false) =>
  importReadings({ db, operatorId, chunks: pieces(text, 61), now: NOW, dryRun });

export type Given = {
  readonly start: number;
  readonly seconds: number;
  readonly value: string;
  readonly quality?: number;
};

/** A feed of one usage point and one series, as a custodian might write it. */
export function feedXml(
  values: readonly Given[],
  {
    type = { accumulationBehaviour: 4, flowDirection: 1, powerOfTenMultiplier: 0, uom: 72 },
    kind = 0,
    prefix = "",
    root = "https://utility.example/espi/1_1/resource",
    id = "1",
  }: { type?: Record<string, number> | null; kind?: number; prefix?: string; root?: string; id?: string } = {},
): string {
  const p = prefix === "" ? "" : `${prefix}:`;
  const xmlns = prefix === "" ? ' xmlns="http://naesb.org/espi"' : "";
  const point = `${root}/RetailCustomer/7/UsagePoint/${id}`;
  const entry = (self: string, up: string, related: string[], content: string) =>
    `<entry><id>urn:${self}</id><link rel="self" href="${self}"/><link rel="up" href="${up}"/>${related.map((href) => `<link rel="related" href="${href}"/>`).join("")}<title>Home &amp; garden</title>\n<content>${content}</content></entry>\n`;
  const rows = values.map(
    ({ start, seconds, value, quality }) =>
      `<${p}IntervalReading>${quality === undefined ? "" : `<${p}ReadingQuality><${p}quality>${quality}</${p}quality></${p}ReadingQuality>`}<${p}timePeriod><${p}duration>${seconds}</${p}duration><${p}start>${start}</${p}start></${p}timePeriod><${p}value>${value}</${p}value></${p}IntervalReading>\n`,
  );
  return `<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns="http://www.w3.org/2005/Atom"${prefix === "" ? "" : ` xmlns:${prefix}="http://naesb.org/espi"`}>
<id>urn:feed</id><title>Feed</title>
${entry(point, `${root}/RetailCustomer/7/UsagePoint`, [`${point}/MeterReading`], `<${p}UsagePoint${xmlns}><${p}ServiceCategory><${p}kind>${kind}</${p}kind></${p}ServiceCategory></${p}UsagePoint>`)}${entry(`${point}/MeterReading/1`, `${point}/MeterReading`, [`${point}/MeterReading/1/IntervalBlock`, `${root}/ReadingType/1`], `<${p}MeterReading${xmlns}/>`)}${entry(
  `${point}/MeterReading/1/IntervalBlock/1`,
  `${point}/MeterReading/1/IntervalBlock`,
  [],
  `<${p}IntervalBlock${xmlns}>\n${rows.join("")}</${p}IntervalBlock>`,
)}${
  type === null
    ? ""
    : entry(
        `${root}/ReadingType/1`,
        `${root}/ReadingType`,
        [],
        `<${p}ReadingType${xmlns}>${Object.entries(type)
          .map(([name, value]) => `<${p}${name}>${value}</${p}${name}>`)
          .join("")}</${p}ReadingType>`,
      )
}</feed>`;
}

export const START = Date.UTC(2026, 0, 1) / 1000;
export const hours = (values: readonly (number | string)[], from = START): Given[] =>
  values.map((value, i) => ({ start: from + i * 3600, seconds: 3600, value: String(value) }));
