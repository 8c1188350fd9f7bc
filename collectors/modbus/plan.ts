import type { ModbusProfile, ModbusRegister, PollGroup, RegisterTable } from "../../domain/profile.ts";
import type { RegisterName } from "../../domain/register.ts";
import { WORDS_OF_TYPE } from "../../domain/words.ts";
import { WORDS_MAX } from "./request.ts";

/** Neighbouring registers that one request reads. */
export type Block = { readonly table: RegisterTable; readonly address: number; readonly count: number };

/** What a meter is asked for one poll group. `profile` holds only the registers that are asked, so that decoding finds no others. */
export type Plan = { readonly profile: ModbusProfile; readonly blocks: readonly Block[] };

/** In the order in which they are served when several are due. Orders to a relay come before all of them, errands after. */
export const GROUPS: readonly PollGroup[] = ["billing", "state", "power", "slow"];

/** The requests for one poll group; no blocks when the profile has nothing in it. */
export const planOf = (profile: ModbusProfile, group: PollGroup): Plan => planned(profile, (r) => r.group === group);

/** The request that reads one register alone: the proof of an order. */
export const planOfRegister = (profile: ModbusProfile, name: RegisterName): Plan =>
  planned(profile, (r) => r.register === name);

/** The fewest words that tell whether the meter speaks: one billing register, or where it has none any other. */
export function smallestBlock(profile: ModbusProfile): Block | null {
  const billing = profile.registers.filter((r) => r.group === "billing");
  const blocks = (billing.length > 0 ? billing : profile.registers).map(blockOf);
  return blocks.reduce<Block | null>((least, b) => (least === null || b.count < least.count ? b : least), null);
}

const blockOf = ({ table, address, type }: ModbusRegister): Block => ({
  table,
  address,
  count: isBits(table) ? 1 : WORDS_OF_TYPE[type],
});

function planned(profile: ModbusProfile, wanted: (register: ModbusRegister) => boolean): Plan {
  const registers = profile.registers.filter(wanted);
  const gapMax = profile.gapWordsMax ?? 0;
  const wordsMax = Math.min(profile.blockWordsMax ?? WORDS_MAX, WORDS_MAX);
  const blocks: Block[] = [];
  for (const register of [...registers].sort(byPlace)) {
    const size = isBits(register.table) ? 1 : WORDS_OF_TYPE[register.type];
    const last = blocks.at(-1);
    const end = register.address + size;
    const joined =
      last !== undefined && last.table === register.table && register.address <= last.address + last.count + gapMax;
    const count = joined ? Math.max(last.count, end - last.address) : size;
    if (joined && count <= wordsMax) blocks[blocks.length - 1] = { ...last, count };
    else blocks.push({ table: register.table, address: register.address, count: size });
  }
  return { profile: { ...profile, registers }, blocks };
}

const isBits = (table: RegisterTable): boolean => table === "coil" || table === "discrete";
const byPlace = (a: ModbusRegister, b: ModbusRegister): number =>
  a.table === b.table ? a.address - b.address : a.table < b.table ? -1 : 1;

/**
 * When in its interval a meter is asked: the meters of a bus are spread evenly over it, and its groups over the meter's share, so that
 * a line at 9 600 baud is not asked everything in the same second. Milliseconds, 0 ≤ offset < interval.
 */
export function offsetMs(place: number, places: number, group: PollGroup, intervalMs: number): number {
  const share = (place + GROUPS.indexOf(group) / GROUPS.length) / Math.max(1, places);
  return Math.floor(share * intervalMs) % Math.max(1, intervalMs);
}

/** The first moment after `now` that lies `offset` behind a multiple of the interval: the same grid after every restart. */
export function nextSlot(now: number, intervalMs: number, offset: number): number {
  return Math.floor((now - offset) / intervalMs) * intervalMs + intervalMs + offset;
}
