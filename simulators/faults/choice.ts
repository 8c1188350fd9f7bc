import { FAULT_NAMES, type FaultName, faultRow } from "./catalogue.ts";

/** A fault that is on, with all its numbers: `every` (hours), `minutes`, `meters` (percent of them), and its own. */
export type ChosenFault = { readonly name: FaultName; readonly params: Readonly<Record<string, number>> };

export type Choice =
  | { readonly kind: "chosen"; readonly faults: readonly ChosenFault[] }
  | { readonly kind: "wrong"; readonly detail: string };

/** A year of hours: longer apart than that is not at all. */
const EVERY_MAX = 100_000;

export const isFaultName = (text: string): text is FaultName => (FAULT_NAMES as readonly string[]).includes(text);

/** With the catalogue's own numbers, but for those given. */
export function chosen(name: FaultName, params: Readonly<Record<string, number>> = {}): ChosenFault {
  const row = faultRow(name);
  const own = Object.entries(row.more).map(([key, { value }]) => [key, value]);
  return {
    name,
    params: { every: row.every, minutes: row.minutes, meters: 100, ...Object.fromEntries(own), ...params },
  };
}

/** `none`, `all`, or `stuck-register:every=6:minutes=30,jump:by=200`. Of one name given twice the last counts. */
export function choiceOf(text: string): Choice {
  const faults = new Map<FaultName, ChosenFault>();
  for (const part of text.split(",").map((p) => p.trim())) {
    if (part === "none" || part === "") continue;
    const [name = "", ...settings] = part.split(":");
    if (name !== "all" && !isFaultName(name))
      return { kind: "wrong", detail: `no fault is called ${JSON.stringify(name)}: did you mean ${nearest(name)}?` };
    for (const each of name === "all" ? FAULT_NAMES : [name]) {
      const made = settled(each, settings, name === "all");
      if (typeof made === "string") return { kind: "wrong", detail: made };
      faults.set(each, made);
    }
  }
  return { kind: "chosen", faults: [...faults.values()] };
}

/** @param lenient a number that only some of the faults know is passed over by the others */
function settled(name: FaultName, settings: readonly string[], lenient: boolean): ChosenFault | string {
  const usual = chosen(name).params;
  const params: Record<string, number> = {};
  for (const setting of settings) {
    const [key = "", text = ""] = setting.split("=");
    const value = /^\d{1,9}(\.\d{1,6})?$/.test(text) ? Number(text) : Number.NaN;
    if (Number.isNaN(value)) return `${name}: ${JSON.stringify(setting)} is not a number's name, "=" and the number`;
    if (usual[key] !== undefined) params[key] = value;
    else if (!lenient) return `${name} has no ${JSON.stringify(key)}; it has ${Object.keys(usual).join(", ")}`;
  }
  const made = chosen(name, params);
  const { every = 0, minutes = 0, meters = 0 } = made.params;
  if (every <= 0 || every > EVERY_MAX) return `${name}: every is a number of hours above 0, at most ${EVERY_MAX}`;
  if (minutes > every * 60) return `${name}: ${minutes} minutes do not fit into every ${every} hours`;
  if (meters > 100) return `${name}: meters is a percentage`;
  return made;
}

/** The three names with the fewest letters to change. */
function nearest(text: string): string {
  const near = FAULT_NAMES.map((name) => ({ name, far: distance(text, name) })).sort((a, b) => a.far - b.far);
  return near
    .slice(0, 3)
    .map(({ name }) => name)
    .join(", ");
}

/** Levenshtein's; a piece of the name counts as near. */
function distance(a: string, b: string): number {
  if (a.length > 2 && b.includes(a)) return 0;
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next.push(
        Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)),
      );
    row = next;
  }
  return row[b.length] ?? 0;
}
