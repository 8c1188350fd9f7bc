import { type Instant, MINUTE_MS } from "../../../domain/instant.ts";
import { type Found, NOTHING, ours, ruleOf } from "../rule.ts";

/** Readings that were due and did not come, each silence as one. */
export const missing = ruleOf({
  name: "missing",
  version: 1,
  title: { zh: "缺数", en: "Missing readings" },
  applies: { utilities: "all", kinds: ["cumulative", "instantaneous"] },
  defaults: {
    late_percent: ours(60, "a reading may come late by half its interval, and a little for the wire"),
    silence_minutes: ours(15, "of a meter that is asked each minute nothing is lost in less"),
    silences: ours(4, "a wire that comes and goes is one fault, not fifty: beyond, they are told together"),
    readings: ours(1, "with readings of an interval, one that is lost is already a hole"),
  },
  find: ({ series, meter, period, first, end }, t) => {
    const every = meter.readEvery_ms;
    if (every === null || every <= 0) return NOTHING;
    const from = Math.max(period.from, meter.installedAt);
    const to = Math.min(period.to, meter.removedAt ?? period.to);
    if (from >= to) return NOTHING;
    const silence = Math.max(every * (t.readings + t.late_percent / 100), t.silence_minutes * MINUTE_MS);
    let found: Silence[] | null = null;
    let last = Math.max(first > 0 ? (series.at[first - 1] as number) : from, from - every);
    for (let i = first; i <= end; i++) {
      const next = i < end ? (series.at[i] as number) : to;
      if (next - last > silence) {
        const lost = Math.max(Math.round((next - last) / every) - 1, 1);
        found ??= [];
        found.push({
          from: last as Instant,
          to: next as Instant,
          inputs: { missing: `${lost}`, read_every_ms: `${every}` },
        });
      }
      last = next;
    }
    return found !== null && found.length > t.silences ? [together(found, every)] : (found ?? NOTHING);
  },
});

type Silence = Found & { readonly inputs: { readonly missing: string } };

function together(silences: readonly Silence[], every: number): Found {
  const [first, last] = [silences[0] as Silence, silences.at(-1) as Silence];
  const lost = silences.reduce((all, { inputs }) => all + Number(inputs.missing), 0);
  const inputs = { missing: `${lost}`, silences: `${silences.length}`, read_every_ms: `${every}` };
  return { from: first.from, to: last.to, inputs };
}
