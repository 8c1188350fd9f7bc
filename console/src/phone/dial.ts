import type { ExpectedJson } from "../../../api/schemas/reading-route.ts";

const PLACES = 6;

/** Millionths of decimal text, so that values are compared and never made floats. */
function micro(text: string): bigint {
  const [whole = "0", fraction = ""] = text.split(".");
  return BigInt(whole + fraction.padEnd(PLACES, "0").slice(0, PLACES));
}

/** What somebody typed as the service takes it: full-width digits and a comma are understood; `null` is no dial's value. */
export function dialValue(typed: string): string | null {
  const plain = typed
    .trim()
    .replace(/[０-９．]/g, (c) => String.fromCharCode(c.charCodeAt(0) - 0xfee0))
    .replace(/[,，。]/, ".")
    .replace(/\s/g, "");
  if (!/^\d{1,10}(\.\d{0,6})?$/.test(plain)) return null;
  return plain.replace(/\.$/, "").replace(/^0+(?=\d)/, "");
}

/** Whether a value is what was expected when the route was fetched; the service judges again when it books. */
export function isExpected(range: ExpectedJson | null, value: string): boolean {
  if (range === null) return true;
  const aboveLow = range.low === null || micro(value) >= micro(range.low);
  const belowHigh = range.high === null || micro(value) <= micro(range.high);
  return range.rollsOver ? aboveLow || belowHigh : aboveLow && belowHigh;
}
