import { DAY_MS, HOUR_MS, type Instant } from "../../domain/instant.ts";
import type { ModbusHistory } from "../../domain/profile.ts";
import { bytesOfMicro, scaleOf, wordsOfBytes } from "../../domain/words.ts";
import { valueOf } from "./image.ts";
import type { TownMeter } from "./meter.ts";
import type { TownState } from "./state.ts";

/** Zhejiang's midnights. */
const OFFSET_MS = 8 * HOUR_MS;

/** The freezes of a meter's last midnights as words, from the newest on; daily ones only. */
export function freezeWords(meter: TownMeter, history: ModbusHistory, state: TownState, now: Instant): Uint16Array {
  const words = new Uint16Array(history.count * history.stride);
  const today = Math.floor((now + OFFSET_MS) / DAY_MS) * DAY_MS - OFFSET_MS;
  for (let n = 0; n < history.count; n++) {
    const at = (today - n * DAY_MS) as Instant;
    const begin = n * history.stride;
    words.set(timeWords(at), begin + history.timeOffset);
    for (const { register, address, type, order, scale } of history.registers) {
      const value = valueOf(meter, state, at, register);
      if (value !== "sentinel")
        words.set(wordsOfBytes(bytesOfMicro(type, order, scaleOf(scale), value)), begin + address);
    }
  }
  return words;
}

/** YYMM DDhh mm00 in BCD. */
function timeWords(at: Instant): number[] {
  const [, year, month, day, hour, minute] =
    /^\d\d(\d\d)-(\d\d)-(\d\d)T(\d\d):(\d\d)/.exec(new Date(at + OFFSET_MS).toISOString()) ?? [];
  return [`${year}${month}`, `${day}${hour}`, `${minute}00`].map((digits) => Number.parseInt(digits, 16));
}
