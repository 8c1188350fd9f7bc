import type { ModbusProfile, ModbusRegister, RegisterTable } from "../../domain/profile.ts";
import type { Refusal } from "../../domain/refusal.ts";
import { type RegisterName, REGISTERS, SUPPLY_STATES } from "../../domain/register.ts";
import { bytesOfWords, microOfRaw, rawOf, scaleOf, type Scale, WORDS_OF_TYPE } from "../../domain/words.ts";
import { type Decoded, type DecodedMessage, refused, type ValueRefusal } from "./decoded.ts";

/** Words of one reply. For coils and discrete inputs one element per bit, 0 or 1. */
export type WordBlock = { readonly table: RegisterTable; readonly address: number; readonly words: ArrayLike<number> };

const INT64_MAX = (1n << 63n) - 1n;
const scales = new Map<string, Scale>();
const scaleCached = (text: string): Scale => {
  const known = scales.get(text);
  if (known !== undefined) return known;
  const scale = scaleOf(text);
  scales.set(text, scale);
  return scale;
};

/**
 * The registers of a profile that the given blocks hold, read. `measuredAt` stays null: a Modbus reply carries no time.
 * Registers outside every block are not an error (another poll group); one that a block ends within is a `short_reply`.
 */
export function decodeWords(profile: ModbusProfile, blocks: readonly WordBlock[]): Decoded {
  const samples: DecodedMessage["samples"][number][] = [];
  const refusals: ValueRefusal[] = [];
  for (const map of profile.registers) {
    const words = wordsAt(map, blocks);
    if (words === null) continue;
    const value = words === "short" ? shortReply(map) : valueOfBytes(map, bytesOfWords(words));
    if (typeof value === "bigint") samples.push({ register: map.register, value, measuredAt: null });
    else refusals.push({ register: map.register, ...value });
  }
  if (samples.length === 0 && refusals.length === 0)
    return refused("unmapped_payload", `no register of ${profile.id} stands in the words given`);
  return { kind: "decoded", messages: [{ device: null, samples, refusals }] };
}

const shortReply = (map: ModbusRegister): Refusal => ({
  reason: "short_reply",
  detail: `the words end within ${map.register} at ${map.table} ${hexAddress(map.address)}`,
});

const hexAddress = (address: number): string => `0x${address.toString(16).padStart(4, "0")}`;

function wordsAt(map: ModbusRegister, blocks: readonly WordBlock[]): number[] | "short" | null {
  const size = WORDS_OF_TYPE[map.type];
  let cut = false;
  for (const block of blocks) {
    const from = map.address - block.address;
    if (block.table !== map.table || from < 0 || from >= block.words.length) continue;
    if (from + size > block.words.length) {
      cut = true;
      continue;
    }
    return Array.from({ length: size }, (_, i) => block.words[from + i] ?? 0);
  }
  return cut ? "short" : null;
}

/** The wire bytes of one register → the sample's value (millionths, or a state's code), or why not. */
export function valueOfBytes(map: ModbusRegister, bytes: Uint8Array): bigint | Refusal {
  if (map.notAvailable?.includes(hexOf(bytes)) === true)
    return { reason: "sentinel", detail: `${hexOf(bytes)} means "not available" for ${map.register}` };
  const raw = rawOf(map.type, map.order, bytes);
  if (raw.kind === "invalid")
    return { reason: raw.reason, detail: `${hexOf(bytes)} is no ${map.type} value for ${map.register}` };
  const { kind } = REGISTERS[map.register];
  if (kind === "state") return map.states === undefined ? raw.digits : stateOfRaw(map.states, raw.digits);
  if ((kind === "cumulative" || kind === "maximum") && raw.digits === -1n && bytes.every((byte) => byte === 0xff))
    return { reason: "all_ones", detail: `${hexOf(bytes)} is no counter value for ${map.register}` };
  return checkedMicro(map.register, microOfRaw(raw.digits, raw.places, scaleCached(map.scale)));
}

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

function stateOfRaw(states: NonNullable<ModbusRegister["states"]>, raw: bigint): bigint {
  const hit = states.find((s) => (raw & BigInt(s.mask)) === BigInt(s.equals));
  return SUPPLY_STATES[hit?.state ?? "fault"];
}

/** A counter below zero and a value that the book cannot hold are refused here for every wire. */
export function checkedMicro(register: RegisterName, micro: bigint): bigint | Refusal {
  if (micro > INT64_MAX || micro < -INT64_MAX)
    return { reason: "out_of_range", detail: `${register} is too large to be kept` };
  const { kind } = REGISTERS[register];
  if (micro < 0n && (kind === "cumulative" || kind === "maximum"))
    return { reason: "out_of_range", detail: `${register} counts and cannot be negative` };
  return micro;
}
