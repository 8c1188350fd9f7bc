import type { Pool } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { validateXML } from "xmllint-wasm";
import { exportGreenButton } from "../../interchange/greenbutton-export.ts";
import { greenButton, NOW } from "../interchange/support.ts";
import { type FreshDatabase, freshDatabase, ownerPool } from "../support/database.ts";
import { SmallTown } from "../support/town.ts";
import { hasReference, referenceText } from "./reference.ts";

const INLAND = "greenbutton/Inland_Single_Family_Jan_1_2011_to_Jan_1_2012_RetailCustomer_9.xml";
const CONTAINERIZED = "greenbutton/electric_containerized.xml";
const SCHEMA = "greenbutton/espi_4.0.xsd";
const FILES = [INLAND, CONTAINERIZED, SCHEMA];

let fresh: FreshDatabase;
let owner: Pool;
let n = 0;
beforeAll(async () => {
  fresh = await freshDatabase();
  owner = ownerPool(fresh.ownerUrl);
});
afterAll(async () => {
  await owner.end();
  await fresh.drop();
});

/** As a reader without any XML library sees the file. */
function independent(xml: string): { count: number; sum: bigint; ends: [number, number] } {
  const rows = [
    ...xml.matchAll(
      /<IntervalReading>[\s\S]*?<duration>(\d+)<\/duration>\s*<start>(\d+)<\/start>[\s\S]*?<value>(\d+)<\/value>/g,
    ),
  ].map(([, seconds, start, value]) => ({
    from: Number(start),
    to: Number(start) + Number(seconds),
    value: BigInt(value ?? 0),
  }));
  const sum = rows.reduce((total, { value }) => total + value, 0n);
  return {
    count: rows.length,
    sum,
    ends: [Math.min(...rows.map(({ from }) => from)), Math.max(...rows.map(({ to }) => to))],
  };
}

/** The shape of RFC 4287 that ESPI uses, since the schema file names an atom.xsd without bringing it: content is checked strictly. */
const ATOM = `<?xml version="1.0"?>
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns="http://www.w3.org/2005/Atom" targetNamespace="http://www.w3.org/2005/Atom" elementFormDefault="qualified">
  <xs:import namespace="http://naesb.org/espi" schemaLocation="espi.xsd"/>
  <xs:complexType name="link"><xs:attribute name="rel"/><xs:attribute name="href" type="xs:anyURI" use="required"/></xs:complexType>
  <xs:element name="feed"><xs:complexType><xs:sequence>
    <xs:element name="id" type="xs:anyURI"/><xs:element name="title" type="xs:string"/><xs:element name="updated" type="xs:dateTime"/>
    <xs:element name="link" type="link" maxOccurs="unbounded"/>
    <xs:element name="entry" minOccurs="0" maxOccurs="unbounded"><xs:complexType><xs:sequence>
      <xs:element name="id" type="xs:anyURI"/><xs:element name="link" type="link" maxOccurs="unbounded"/><xs:element name="title" type="xs:string"/>
      <xs:element name="content"><xs:complexType><xs:sequence><xs:any namespace="http://naesb.org/espi" processContents="strict"/></xs:sequence><xs:attribute name="type"/></xs:complexType></xs:element>
      <xs:element name="published" type="xs:dateTime"/><xs:element name="updated" type="xs:dateTime"/>
    </xs:sequence></xs:complexType></xs:element>
  </xs:sequence></xs:complexType></xs:element>
</xs:schema>`;

async function invalid(xml: string): Promise<readonly string[]> {
  const espi = referenceText(SCHEMA).replace(/<xs:import namespace="http:\/\/www.w3.org\/2005\/Atom"[^>]*\/>/, "");
  const { errors } = await validateXML({
    xml: { fileName: "feed.xml", contents: xml },
    schema: { fileName: "atom.xsd", contents: ATOM },
    preload: { fileName: "espi.xsd", contents: espi },
    maxMemoryPages: 4096,
  });
  return errors.map(({ rawMessage }) => rawMessage);
}

async function feedOfTown(registers: boolean): Promise<string> {
  const code = `gbc${n++}`;
  const town = await SmallTown.found(owner, code);
  const account = await town.account("1-101");
  for (const [utility, register] of [
    ["electricity", "energy_import_kwh"],
    ["gas", "volume_m3"],
    ["water", "volume_m3"],
  ] as const) {
    const { meter } = await town.supply({ account, utility, tariff: "t", from: "2026-01-01" });
    const points = Array.from(
      { length: 60 },
      (_, i) => [new Date(Date.UTC(2026, 0, 2, i)).toISOString(), 1.5 * i + 0.000001] as const,
    );
    await town.readings(meter, register, points);
    await town.readings(meter, register, [["2026-01-06T00:00:00Z", 200]], 4);
    if (utility === "electricity") {
      await town.readings(meter, "energy_export_kwh", points);
      await town.readings(meter, "energy_import_t1_kwh", points);
      await town.readings(meter, "reactive_import_kvarh", points);
    }
  }
  const window = { from: null, to: null };
  const parts = exportGreenButton({
    db: fresh.db,
    operatorId: town.operatorId,
    operatorCode: code,
    account: "1-101",
    zone: "Asia/Shanghai",
    window,
    now: NOW,
    registers,
  });
  return (await Array.fromAsync(parts)).join("");
}

// The feeds and the schema are others' work and do not travel with the project: see docs/reference/interchange.md.
describe.skipIf(!FILES.every(hasReference))("Green Button", () => {
  test.each([INLAND, CONTAINERIZED])(
    "%s is taken whole, with the totals that a regular expression finds",
    async (path) => {
      const xml = referenceText(path);
      const { count, sum, ends } = independent(xml);
      expect(count).toBeGreaterThan(7);
      const { operatorId } = await SmallTown.found(owner, `gbc${n++}`);
      const report = await greenButton(fresh.db, operatorId, xml);
      expect(report.counts).toEqual({ accepted: count, already: 0, conflict: 0, refused: 0 });
      expect(report.series).toMatchObject([
        { register: "energy_import_kwh", use: sum * 1000n, from: ends[0] * 1000, to: ends[1] * 1000 },
      ]);
      expect(report.localTime).toMatch(/second Sunday of month 3/);
      const { rows } = await owner.query<{ last: bigint; first: bigint }>(
        "select max(value) as last, min(value) as first from reading where operator_id = $1",
        [operatorId],
      );
      expect(rows).toEqual([{ first: 0n, last: sum * 1000n }]);
      expect((await greenButton(fresh.db, operatorId, xml)).counts).toEqual({
        accepted: 0,
        already: count,
        conflict: 0,
        refused: 0,
      });
    },
  );

  test.each([false, true])("an export is valid against the schema of ESPI 4.0 (registers: %s)", async (registers) => {
    const xml = await feedOfTown(registers);
    expect((xml.match(/<IntervalReading>/g) ?? []).length).toBeGreaterThan(300);
    expect(await invalid(xml)).toEqual([]);
    expect((await invalid(xml.replace(/<uom>\d+/, "<uom>much"))).join("\n")).toContain("uom");
    expect((await invalid(xml.replace("<duration>", "<length>1</length><duration>"))).join("\n")).toContain("length");
  });
});
