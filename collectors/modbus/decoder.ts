import type { ModbusRegister } from "../../domain/profile.ts";
import type { Sample } from "../../domain/reading.ts";
import { REGISTERS, type RegisterName } from "../../domain/register.ts";
import { scaleOf } from "../../domain/words.ts";
import type { WordBlock } from "../decode/words.ts";
import type { Plan } from "./plan.ts";

/**
 * The quick half of decoding: a plan's registers are looked up once, and a complete, healthy reply is read with plain numbers, as long as
 * every step is exact in a double (below 2⁵³). For anything else — a missing block, a sentinel, all-ones, NaN, a negative
 * or huge value, a rare type — it answers `null` and `decodeWords` decides. It never has an opinion of its own: a test compares the two.
 */
export type QuickDecoder = (blocks: readonly WordBlock[]) => Sample[] | null;

type Step = {
  readonly register: RegisterName;
  readonly block: number;
  /** Of the high and the low word in the block; the same for one word. */
  readonly high: number;
  readonly low: number;
  readonly type: "u16" | "u32" | "f32";
  /** Unit = raw × up ÷ 10^places. */
  readonly up: number;
  readonly places: number;
};

const TEN = [1, 10, 100, 1000, 10_000, 100_000, 1_000_000] as const;
const EXACT_MAX = Number.MAX_SAFE_INTEGER;
const FLOAT_MAX = 2 ** 23; // above, a float32 moves in whole numbers and shortest decimals end before the point
const float = new Float32Array(1);
const floatBits = new Uint32Array(float.buffer);

/** `null` when a register of the plan is of a kind that only `decodeWords` reads. */
export function quickDecoder(plan: Plan): QuickDecoder | null {
  const steps: Step[] = [];
  for (const map of plan.profile.registers) {
    const step = stepOf(map, plan);
    if (step === null) return null;
    steps.push(step);
  }
  return (blocks) => decode(steps, plan, blocks);
}

function stepOf(map: ModbusRegister, plan: Plan): Step | null {
  const { register, type, order } = map;
  if (type !== "u16" && type !== "u32" && type !== "f32") return null;
  if ((order !== "ABCD" && order !== "CDAB") || map.notAvailable !== undefined) return null;
  if (REGISTERS[register].kind === "state" || map.table === "coil" || map.table === "discrete") return null;
  const scale = scaleOf(map.scale);
  const places = scale.down.toString().length - 1;
  if (scale.up <= 0n || scale.up > 1_000_000n || places > 6) return null;
  const size = type === "u16" ? 1 : 2;
  const homes = plan.blocks.flatMap((b, i) =>
    b.table === map.table && b.address <= map.address && map.address + size <= b.address + b.count ? [i] : [],
  );
  const [block] = homes;
  if (block === undefined || homes.length > 1) return null;
  const first = map.address - (plan.blocks[block]?.address ?? 0);
  const last = first + size - 1;
  const swapped = order === "CDAB";
  return {
    register,
    block,
    high: swapped ? last : first,
    low: swapped ? first : last,
    type,
    up: Number(scale.up),
    places,
  };
}

function decode(steps: readonly Step[], plan: Plan, blocks: readonly WordBlock[]): Sample[] | null {
  if (blocks.length !== plan.blocks.length) return null;
  for (let i = 0; i < blocks.length; i++) {
    const [got, asked] = [blocks[i], plan.blocks[i]];
    if (got === undefined || asked === undefined) return null;
    if (got.table !== asked.table || got.address !== asked.address || got.words.length !== asked.count) return null;
  }
  const samples: Sample[] = [];
  for (const step of steps) {
    const words = blocks[step.block]?.words;
    if (words === undefined) return null;
    const low = words[step.low] ?? 0;
    const high = words[step.high] ?? 0;
    const micro =
      step.type === "u16"
        ? ofInteger(low, 0xffff, step)
        : step.type === "u32"
          ? ofInteger(high * 65_536 + low, 0xffffffff, step)
          : ofFloat(high, low, step);
    if (micro < 0) return null;
    samples.push({ register: step.register, value: BigInt(micro), measuredAt: null });
  }
  return samples;
}

/** Millionths, or −1 when it is not for us. */
function ofInteger(raw: number, allOnes: number, step: Step): number {
  if (raw === allOnes) return -1;
  const micro = raw * step.up * (TEN[6 - step.places] ?? 0);
  return micro <= EXACT_MAX ? micro : -1;
}

/** By the shortest decimal that reads back as the same float32, as the books define it. */
function ofFloat(high: number, low: number, step: Step): number {
  if (high === 0 && low === 0) return 0;
  floatBits[0] = high * 65_536 + low;
  const value = float[0] ?? Number.NaN;
  if (!(value >= 0.001 && value < FLOAT_MAX)) return -1; // NaN, infinities and negatives fail here, too
  for (let places = 0; places + step.places <= 6; places++) {
    const ten = TEN[places] ?? 1;
    const digits = Math.round(value * ten);
    if (Math.fround(digits / ten) !== value) continue;
    const micro = digits * step.up * (TEN[6 - places - step.places] ?? 0);
    return micro <= EXACT_MAX ? micro : -1;
  }
  return -1;
}
