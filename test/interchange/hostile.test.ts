import { describe, expect, test } from "vitest";
import { feedOf } from "../../interchange/feed.ts";
import { textOf } from "../../interchange/text-decoding.ts";
import { entriesOf } from "../../interchange/xml-entries.ts";
import { feedXml, hours, pieces } from "./support.ts";

const refusedAs = async (chunks: AsyncIterable<string>): Promise<{ code: string; message: string }> => {
  try {
    await feedOf(chunks);
  } catch (error) {
    return error as { code: string; message: string };
  }
  throw new Error("it was taken");
};
async function* bytes(...parts: Uint8Array[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield await Promise.resolve(part);
}
/** 100 MB in pieces, between a beginning and an end. */
async function* long(before: string, after: string): AsyncGenerator<string> {
  yield before;
  const piece = "A".repeat(1_000_000);
  for (let i = 0; i < 100; i++) yield await Promise.resolve(piece);
  yield after;
}

describe("a hostile file", () => {
  test("entities that grow are not read at all", async () => {
    const lol = `<?xml version="1.0"?>\n<!DOCTYPE feed [<!ENTITY a "${"x".repeat(100)}"><!ENTITY b "&a;&a;&a;">]>\n<feed><entry><title>&b;</title></entry></feed>`;
    expect(await refusedAs(pieces(lol, 7))).toMatchObject({
      code: "request.invalid",
      message: expect.stringMatching(/DOCTYPE.*line 2/) as string,
    });
    const outside = `<!DOCTYPE feed SYSTEM "file:///etc/passwd"><feed/>`;
    expect((await refusedAs(pieces(outside))).message).toMatch(/DOCTYPE/);
  });

  test.each([
    ["no XML", "meter,register\n1,2\n", /begins with/],
    ["nothing", "", /empty/],
    ["white space", "  \n\n", /empty/],
    ["a web page", "<html><body>Please sign in</body></html>", /root <html>/],
    ["another feed", "<feed><entry><title>News</title></entry></feed>", /none with usage points/],
    ["entries in entries", "<feed><entry><entry/><entry></entry></entry></feed>", /inside another/],
  ])("%s is refused clearly", async (_title, text, message) => {
    const refused = await refusedAs(pieces(text));
    expect(refused).toMatchObject({ code: "request.invalid" });
    expect(refused.message).toMatch(message);
  });

  test("100 MB of text in an entry, in a tag or in a comment are refused, before they are in the memory", async () => {
    for (const [before, after] of [
      ["<feed><entry><title>", "</title></entry></feed>"],
      ["<feed><!--", "--></feed>"],
      ['<feed><entry a="', '"></entry></feed>'],
    ] as const)
      expect(await refusedAs(long(before, after))).toMatchObject({ code: "request.too-large" });
  });

  test("100 MB of text beside the entries pass by", async () => {
    const xml = feedXml(hours([1]));
    const at = xml.indexOf("<entry>");
    const feed = await feedOf(long(`${xml.slice(0, at)}<rights>`, `</rights>${xml.slice(at)}`));
    expect(feed.usagePoints[0]?.series[0]?.readings.length).toBe(1);
  });

  test("what looks like an entry in a comment or in CDATA is none", async () => {
    const found = [];
    const xml =
      "<feed><!-- <entry> --><x><![CDATA[</entry><entry>]]></x>\n<entry><!-- </entry> --><id>1</id></entry><entries/><entry/></feed>";
    for (let size = 1; size < 40; size++) {
      for await (const entry of entriesOf(pieces(xml, size))) found.push(`${entry.line} ${entry.text}`);
    }
    expect(new Set(found)).toEqual(new Set(["2 <entry><!-- </entry> --><id>1</id></entry>"]));
    expect(found.length).toBe(39);
  });

  test("an entry that is not well formed is refused by its line, and the rest goes on", async () => {
    const xml = feedXml(hours([1])).replace("<entry>", "<entry>\n<a><b></a></entry>\n<entry>");
    const feed = await feedOf(pieces(xml));
    expect(feed.refused).toEqual([{ line: 5, what: "entry", why: expect.stringContaining("'b'") as string }]);
    expect(feed.usagePoints[0]?.series.length).toBe(1);
  });

  test("text is decoded by its mark or its declaration, and what is no text is refused", async () => {
    const collect = async (chunks: AsyncIterable<string>) => (await Array.fromAsync(chunks)).join("");
    const utf16 = new Uint8Array([0xff, 0xfe, ...Buffer.from("<a>表</a>", "utf16le")]);
    expect(await collect(textOf(bytes(utf16)))).toBe("<a>表</a>");
    const latin = Buffer.from('<?xml version="1.0" encoding="ISO-8859-1"?><a>é</a>', "latin1");
    expect(await collect(textOf(bytes(latin)))).toContain("é");
    await expect(collect(textOf(bytes(new Uint8Array([0x3c, 0xff, 0xff]))))).rejects.toThrow(/not utf-8/);
    await expect(collect(textOf(bytes(Buffer.from('<?xml version="1.0" encoding="klingon"?>'))))).rejects.toThrow(
      /klingon/,
    );
  });
});
