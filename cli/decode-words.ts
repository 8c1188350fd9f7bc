import type { WordBlock } from "../collectors/decode/words.ts";
import type { ModbusProfile, RegisterTable } from "../domain/profile.ts";
import { WORDS_OF_TYPE, wordsOfBytes } from "../domain/words.ts";

const TABLES: readonly RegisterTable[] = ["holding", "input", "coil", "discrete"];
type Place = { readonly table: RegisterTable; readonly address: number };

/**
 * Register words as people type them: `HEX` pieces belong together and begin at `at`; `ADDRESS[:table]=HEX` begins a block of its own.
 * @returns the blocks, or what is wrong with the text
 */
export function blocksOf(
  profile: ModbusProfile,
  texts: readonly string[],
  at: string | undefined,
): WordBlock[] | string {
  const pieces = texts
    .flatMap((text) => text.replaceAll(/\s*=\s*/g, "=").split(/[\s,]+/))
    .filter((piece) => piece !== "");
  if (pieces.length === 0) return "no words: give --words HEX, or hex on standard input";
  const start = at === undefined ? firstPlace(profile) : placeOf(profile, at);
  if (typeof start === "string") return `--at: ${start}`;
  const runs: { place: Place; hex: string }[] = [];
  for (const piece of pieces) {
    const cut = piece.indexOf("=");
    const place = cut === -1 ? null : placeOf(profile, piece.slice(0, cut));
    if (typeof place === "string") return `--words: ${place}`;
    const hex = piece.slice(cut + 1).replace(/^0x/i, "");
    const last = runs.at(-1);
    if (place !== null) runs.push({ place, hex });
    else if (last === undefined) runs.push({ place: start, hex });
    else last.hex += hex;
  }
  const bad = runs.find(({ hex }) => !/^([0-9a-f]{4})+$/i.test(hex));
  if (bad !== undefined)
    return `--words: not whole 16-bit words in hex (four digits each): ${bad.hex === "" ? "nothing" : bad.hex.slice(0, 60)}`;
  return runs.map(({ place, hex }) => ({ ...place, words: wordsOfBytes(Buffer.from(hex, "hex")) }));
}

function firstPlace(profile: ModbusProfile): Place {
  const first = profile.registers[0];
  return { table: first?.table ?? "holding", address: first?.address ?? 0 };
}

/** `4`, `0x5000`, `0x48:input`; without a table the one in which the profile keeps that address. */
function placeOf(profile: ModbusProfile, text: string): Place | string {
  const m = /^(0x[0-9a-f]{1,4}|\d{1,5})(?::([a-z]+))?$/i.exec(text);
  const address = m === null ? Number.NaN : Number(m[1]);
  if (m === null || address > 65_535) return `not ADDRESS[:table] with an address up to 65535: ${text}`;
  const named = TABLES.find((table) => table === m[2]);
  if (m[2] !== undefined && named === undefined) return `not a table (${TABLES.join(", ")}): ${m[2]}`;
  const near = profile.registers.find((r) => r.address <= address && address < r.address + WORDS_OF_TYPE[r.type]);
  return { table: named ?? near?.table ?? firstPlace(profile).table, address };
}
