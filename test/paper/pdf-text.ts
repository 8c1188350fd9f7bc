import { inflateSync } from "node:zlib";

/** What a reader of a PDF finds: its pages' texts by way of the fonts' own ToUnicode maps, and the images and paths they draw. */
export type PdfPage = { readonly text: string; readonly rectangles: number };

/** Reads documents as pdfkit writes them: one object each, cross reference table, Flate streams, two-byte glyph codes. */
export function pdfPages(bytes: Buffer): PdfPage[] {
  const objects = objectsOf(bytes);
  const get = (id: string | undefined) => objects.get(id ?? "") ?? { dict: "", stream: Buffer.alloc(0) };
  const root = get(/\/Root (\d+) 0 R/.exec(bytes.toString("latin1"))?.[1]);
  const kids = /\/Kids \[([^\]]*)\]/.exec(get(/\/Pages (\d+) 0 R/.exec(root.dict)?.[1]).dict)?.[1] ?? "";
  return [...kids.matchAll(/(\d+) 0 R/g)].map(([, id]) => {
    const page = get(id).dict;
    const resources = get(/\/Resources (\d+) 0 R/.exec(page)?.[1]).dict;
    const fonts = new Map(
      [...resources.matchAll(/\/(F\d+) (\d+) 0 R/g)].map(([, name = "", font]) => {
        const map = get(/\/ToUnicode (\d+) 0 R/.exec(get(font).dict)?.[1]).stream.toString("latin1");
        return [name, unicodeOf(map)] as const;
      }),
    );
    const content = get(/\/Contents (\d+) 0 R/.exec(page)?.[1]).stream.toString("latin1");
    return { text: textOf(content, fonts), rectangles: (content.match(/ re$/gm) ?? []).length };
  });
}

function objectsOf(bytes: Buffer): Map<string, { dict: string; stream: Buffer }> {
  const all = bytes.toString("latin1");
  const found = new Map<string, { dict: string; stream: Buffer }>();
  for (const match of all.matchAll(/(?:^|\n)(\d+) 0 obj\n/g)) {
    const from = match.index + match[0].length;
    const end = all.indexOf("\nendobj", from);
    const at = all.indexOf("stream\n", from);
    const hasStream = at !== -1 && at < end;
    const dict = all.slice(from, hasStream ? at : end);
    const length = Number(/\/Length (\d+)/.exec(dict)?.[1] ?? 0);
    const raw = hasStream ? bytes.subarray(at + 7, at + 7 + length) : Buffer.alloc(0);
    found.set(match[1] ?? "", { dict, stream: dict.includes("/FlateDecode") ? inflateSync(raw) : raw });
  }
  return found;
}

/** pdfkit writes ranges with a list of all their characters. */
function unicodeOf(map: string): string[] {
  const codes: string[] = [];
  for (const [, from = "", , list = ""] of map.matchAll(/<([0-9a-f]{4})> <([0-9a-f]{4})> \[([^\]]*)\]/g))
    [...list.matchAll(/<([0-9a-f ]*)>/g)].forEach(([, hex = ""], i) => {
      const units = hex.replaceAll(" ", "").match(/.{4}/g) ?? [];
      codes[Number.parseInt(from, 16) + i] = String.fromCharCode(...units.map((unit) => Number.parseInt(unit, 16)));
    });
  return codes;
}

function textOf(content: string, fonts: ReadonlyMap<string, readonly string[]>): string {
  let font: readonly string[] = [];
  const words: string[] = [];
  for (const [, name, shown] of content.matchAll(/\/(F\d+) [\d.]+ Tf|\[([^\]]*)\] TJ/g)) {
    if (name !== undefined) {
      const known = fonts.get(name);
      if (known === undefined) throw new Error(`the page has no font ${name}`);
      font = known;
      continue;
    }
    const codes = [...(shown ?? "").matchAll(/<([0-9a-f]*)>/g)].flatMap(([, hex = ""]) => hex.match(/.{4}/g) ?? []);
    words.push(codes.map((code) => font[Number.parseInt(code, 16)] ?? "\ufffd").join(""));
  }
  return words.join("\n");
}
