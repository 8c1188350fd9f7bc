import type { Evidence, ProfileCandidate } from "../../domain/found.ts";
import type { ModbusProfile, ModbusRegister } from "../../domain/profile.ts";
import { decimalText } from "../../domain/quantity.ts";
import { type RegisterName, REGISTERS } from "../../domain/register.ts";
import { WORDS_OF_TYPE } from "../../domain/words.ts";
import { decodeWords } from "../decode/words.ts";
import type { Block } from "./plan.ts";

/** Answers one block of a unit: its words, or null when it has none there. */
export type AskBlock = (block: Block) => Promise<Uint16Array | null>;

/** What mains look like anywhere: EN 50160 allows ±10 % of 230/400 V and 42.5 to 57.5 Hz; other countries have 100 to 127 V and 60 Hz. */
const PLAUSIBLE: Partial<Record<RegisterName, readonly [from: bigint, to: bigint]>> = {
  frequency_hz: [42_500_000n, 62_500_000n],
  voltage_l1_v: [85_000_000n, 300_000_000n],
  voltage_l3_v: [85_000_000n, 300_000_000n],
};
/** More than any meter of a town counts in its life, in kWh or m³: such a total is another map's words. Our choice. */
const TOTAL_MICRO_MAX = 1_000_000_000_000_000n;
/** A name outweighs any number of plausible values. */
const WEIGHT = { identity: 10, plausible: 2, probe: 1 } as const;
const CANDIDATES_MAX = 5;

/** Profiles that may read the unit, the best first, with their reasons. Asks as little as it can: a profile is out at its first wrong answer. */
export async function recognise(profiles: readonly ModbusProfile[], ask: AskBlock): Promise<ProfileCandidate[]> {
  const known = new Map<string, Promise<Uint16Array | null>>();
  const once: AskBlock = (block) => {
    const key = `${block.table} ${block.address} ${block.count}`;
    let answer = known.get(key);
    if (answer === undefined) known.set(key, (answer = ask(block)));
    return answer;
  };
  const found: { candidate: ProfileCandidate; weight: number }[] = [];
  for (const profile of profiles) {
    const seen = await evidenceOf(profile, once);
    if (seen !== null) found.push(seen);
  }
  return found
    .toSorted((a, b) => b.weight - a.weight)
    .slice(0, CANDIDATES_MAX)
    .map(({ candidate }) => candidate);
}

async function evidenceOf(
  profile: ModbusProfile,
  ask: AskBlock,
): Promise<{ candidate: ProfileCandidate; weight: number } | null> {
  const evidence: Evidence[] = [];
  const sample: ProfileCandidate["sample"][number][] = [];
  let weight = 0;
  const { probe } = profile;
  if (probe !== undefined) {
    const [first = ""] = probe.anyOf;
    const words = await ask({ table: probe.table, address: probe.address, count: first.length / 4 });
    const hex = words === null ? null : hexOf(words);
    if (hex === null || !probe.anyOf.includes(hex)) return null;
    evidence.push({ kind: "identity", detail: `${probe.title} ${hex}` });
    weight += WEIGHT.identity;
  }
  for (const map of tellingRegisters(profile)) {
    const { table, address, type } = map;
    const words = await ask({
      table,
      address,
      count: table === "coil" || table === "discrete" ? 1 : WORDS_OF_TYPE[type],
    });
    const value = words === null ? null : valueIn(profile, map, words);
    const { unit } = REGISTERS[map.register];
    const range = PLAUSIBLE[map.register];
    if (map.register.startsWith("voltage_") && value === 0n) continue; // its relay may be open, or it has one phase
    if (
      value === null ||
      (range === undefined ? value < 0n || value > TOTAL_MICRO_MAX : value < range[0] || value > range[1])
    )
      return null;
    const text = decimalText(value);
    sample.push({ register: map.register, value: text, unit });
    evidence.push({ kind: range === undefined ? "probe" : "plausible", detail: `${map.register} ${text} ${unit}` });
    // A zero stands also where a meter has nothing at all.
    if (range !== undefined) weight += WEIGHT.plausible;
    else if (value > 0n) weight += WEIGHT.probe;
  }
  if (evidence.length === 0) return null;
  const [only, another] = profile.utilities;
  const utility = another === undefined ? (only ?? null) : null;
  return { candidate: { profileId: profile.id, utility, evidence, sample }, weight };
}

/** Frequency and voltages, which few values fit by chance (the third phase tells a map of three from one of one), then the total. */
function tellingRegisters({ registers }: ModbusProfile): ModbusRegister[] {
  const mains = (["frequency_hz", "voltage_l1_v", "voltage_l3_v"] as const).flatMap(
    (name) => registers.find(({ register }) => register === name) ?? [],
  );
  const total = registers.find(
    ({ group, register }) => group === "billing" && REGISTERS[register].kind === "cumulative",
  );
  return total === undefined ? mains : [...mains, total];
}

function valueIn(profile: ModbusProfile, map: ModbusRegister, words: Uint16Array): bigint | null {
  const decoded = decodeWords({ ...profile, registers: [map] }, [{ table: map.table, address: map.address, words }]);
  return decoded.kind === "refused" ? null : (decoded.messages[0]?.samples[0]?.value ?? null);
}

const hexOf = (words: Uint16Array): string => Array.from(words, (word) => word.toString(16).padStart(4, "0")).join("");
