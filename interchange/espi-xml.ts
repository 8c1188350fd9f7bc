import { createHash } from "node:crypto";
import { XMLBuilder } from "fast-xml-parser";
import { type Instant, isoOf } from "../domain/instant.ts";
import { printable } from "../domain/xml-text.ts";
import type { LocalTime } from "./espi-entry.ts";

/** One entry of an Atom feed as ESPI 4.0 arranges it: who it is, where it belongs, and one resource. */
export type OutEntry = {
  readonly path: string;
  readonly up: string;
  readonly related?: readonly string[];
  readonly title: string;
  readonly resource: { readonly [name: string]: unknown };
};

const builder = new XMLBuilder({
  ignoreAttributes: false,
  attributeNamePrefix: "@",
  suppressEmptyNode: true,
  format: true,
  indentBy: "  ",
});
const ESPI = "http://naesb.org/espi";

/** The same resource has the same id in each export (RFC 9562 version 5 over SHA-1). */
export function uuidOf(name: string): string {
  const bytes = createHash("sha1").update(`sanbiao:${name}`).digest();
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x50;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytes.subarray(0, 16).toString("hex");
  return `urn:uuid:${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

export const feedHead = (path: string, title: string, at: Instant): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom">\n${builder.build({
    id: uuidOf(path),
    title: printable(title),
    updated: isoOf(at),
    link: { "@rel": "self", "@href": path },
  })}`;
export const FEED_END = "</feed>\n";

export function entryXml({ path, up, related = [], title, resource }: OutEntry, at: Instant): string {
  const [name = "", body] = Object.entries(resource)[0] ?? [];
  return builder.build({
    entry: {
      id: uuidOf(path),
      link: [
        { "@rel": "self", "@href": path },
        { "@rel": "up", "@href": up },
        ...related.map((href) => ({ "@rel": "related", "@href": href })),
      ],
      title: printable(title),
      content: { "@type": "application/xml", [name]: { "@xmlns": ESPI, ...(body as object) } },
      published: isoOf(at),
      updated: isoOf(at),
    },
  });
}

/** Order of elements: espi.xsd, TimeConfiguration. */
export const localTimeResource = ({ tzOffset, dstOffset, startRule, endRule }: LocalTime) => ({
  LocalTimeParameters: { dstEndRule: endRule, dstOffset, dstStartRule: startRule, tzOffset },
});
