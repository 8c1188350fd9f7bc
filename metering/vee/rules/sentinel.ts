import { HOUR_MS } from "../../../domain/instant.ts";
import { ours, ruleOf, stretchesOf, units } from "../rule.ts";

/** Raw words that mean "no value", whatever power of ten they were scaled by: all ones, their signed half, filled patterns. */
const PATTERNS = new Set([
  65_535, 32_767, 32_768, 16_777_215, 8_388_607, 4_294_967_295, 2_147_483_647, 2_147_483_648, 3_722_304_989,
  4_008_636_142, 2_863_311_530, 3_735_928_559, 3_405_691_582,
]);
const NINES = /^9+$/;

/** A value that is a pattern of bits or all nines, and that its neighbours do not explain. */
export const sentinel = ruleOf({
  name: "sentinel",
  version: 1,
  title: { zh: "占位值", en: "Sentinel value" },
  applies: { utilities: "all", kinds: ["cumulative"] },
  defaults: {
    nines: ours(6, "fewer nines in a row are passed by on the way"),
    rate_percent: ours(100, "a counter may pass such a number at a feasible rate"),
  },
  find: (input, t) => {
    const { value, grown, at, rolled, count } = input.series;
    const { capacityPerHour } = input.meter;
    const most = ((capacityPerHour ?? Number.POSITIVE_INFINITY) * t.rate_percent) / 100 / HOUR_MS;
    /** It came too fast, or went away again without a rollover. */
    const unexplained = (i: number): boolean => {
      if (i > 0 && (grown[i] as number) > most * ((at[i] as number) - (at[i - 1] as number))) return true;
      return i + 1 < count && (grown[i + 1] as number) < 0 && rolled[i + 1] !== 1;
    };
    return stretchesOf(
      input,
      (i) => unexplained(i) && isPattern(value[i] as number, t.nines),
      (from) => ({ value: units(value[from]) }),
    );
  },
});

function isPattern(value: number, nines: number): boolean {
  let digits = Math.abs(value);
  if (digits === 0) return false;
  while (digits % 10 === 0) digits /= 10;
  return PATTERNS.has(digits) || (NINES.test(`${digits}`) && `${digits}`.length >= nines);
}
