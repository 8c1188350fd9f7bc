import { HOUR_MS, type Instant, MINUTE_MS } from "../../domain/instant.ts";
import type { Period } from "../../domain/period.ts";
import { chance, hash32 } from "../town/random.ts";
import { type FaultName, faultRow } from "./catalogue.ts";
import type { ChosenFault } from "./choice.ts";

/** Whom a fault can hit. */
export type Target = {
  readonly serial: string;
  readonly modbus: object | null;
  readonly mqtt: { readonly client: string };
  readonly hasRelay: boolean;
};

/** One fault on one meter from `from` to, not including, `to`. The two are one where a fault happens at an instant. */
export type Episode = Period & { readonly fault: FaultName; readonly serial: string; readonly chance: number };

export type FaultBookOptions = {
  readonly seed: number;
  readonly faults: readonly ChosenFault[];
  /** Nothing goes wrong before it. */
  readonly since: Instant;
};

/**
 * What goes wrong, on which meter, when: a function of the seed, the fault's name, the meter and the time alone, so that
 * it can be asked in any order and again. It is the truth that a test judges by.
 */
export class FaultBook {
  readonly seed: number;
  readonly since: Instant;
  readonly faults: readonly ChosenFault[];
  readonly #byName: ReadonlyMap<FaultName, ChosenFault["params"]>;

  constructor({ seed, faults, since }: FaultBookOptions) {
    this.seed = seed;
    this.since = since;
    this.faults = faults;
    this.#byName = new Map(faults.map(({ name, params }) => [name, params]));
  }

  /** A number of a fault; 0 when it is off. */
  param(fault: FaultName, key: string): number {
    return this.#byName.get(fault)?.[key] ?? 0;
  }

  /** The stretch of a fault that holds the instant. */
  at(fault: FaultName, target: Target, at: Instant): Episode | null {
    const episode = this.#episode(fault, target, this.#windowAt(fault, at));
    return episode !== null && episode.from <= at && at < episode.to ? episode : null;
  }

  /** Stretches of a fault that begin in `(after, upTo]`, in order. */
  begun(fault: FaultName, target: Target, after: Instant, upTo: Instant): Episode[] {
    const episodes: Episode[] = [];
    if (!this.#byName.has(fault)) return episodes;
    const last = this.#windowAt(fault, upTo);
    for (let k = Math.max(0, this.#windowAt(fault, after)); k <= last; k++) {
      const episode = this.#episode(fault, target, k);
      if (episode !== null && episode.from > after && episode.from <= upTo) episodes.push(episode);
    }
    return episodes;
  }

  /** The first stretch of a fault, for one that happens once. */
  first(fault: FaultName, target: Target): Episode | null {
    return this.#episode(fault, target, 0);
  }

  /** All that touches `[from, to)` on these meters: the truth, for whoever must tell a fault from use. */
  between(targets: readonly Target[], { from, to }: Period): Episode[] {
    const found: Episode[] = [];
    for (const target of targets)
      for (const { name } of this.faults) {
        const last = this.#windowAt(name, (to - 1) as Instant);
        for (let k = Math.max(0, this.#windowAt(name, from)); k <= last; k++) {
          const episode = this.#episode(name, target, k);
          if (episode !== null && episode.from < to && Math.max(episode.to, episode.from + 1) > from)
            found.push(episode);
        }
      }
    return found.sort((a, b) => a.from - b.from);
  }

  /** The meter's own chance for a fault, from 0 to 1, the same for ever. */
  lot(fault: FaultName, target: Target, salt = 0): number {
    return chance(this.seed, faultRow(fault).code, keyOf(target.serial), salt - 1);
  }

  #windowAt(fault: FaultName, at: Instant): number {
    return at < this.since ? -1 : Math.floor((at - this.since) / (this.param(fault, "every") * HOUR_MS));
  }

  /** Every window of `every` hours has one stretch, somewhere inside. A rollover happens once. */
  #episode(fault: FaultName, target: Target, k: number): Episode | null {
    const params = this.#byName.get(fault);
    const row = faultRow(fault);
    if (params === undefined || k < 0 || (fault === "rollover" && k > 0)) return null;
    if (!(target.modbus === null ? row.wires.includes("mqtt") : row.wires.includes("modbus"))) return null;
    if (row.kind === "supply" && !target.hasRelay) return null;
    // A gateway restarts for all behind it.
    const key = fault === "gateway-restart" ? textKey(target.mqtt.client) : keyOf(target.serial);
    const { every = 0, minutes = 0, meters = 100 } = params;
    if (chance(this.seed, row.code, key, -2) * 100 >= meters) return null;
    const free = every * HOUR_MS - minutes * MINUTE_MS;
    const own = chance(this.seed, row.code, key, 2 * k);
    const from = Math.floor(this.since + k * every * HOUR_MS + free * own) as Instant;
    const to = Math.floor(from + minutes * MINUTE_MS) as Instant;
    return { fault, serial: target.serial, from, to, chance: chance(this.seed, row.code, key, 2 * k + 1) };
  }
}

export const NO_FAULTS = new FaultBook({ seed: 0, faults: [], since: 0 as Instant });

const keyOf = (serial: string): number => {
  const digits = Number(serial.slice(-9));
  return Number.isSafeInteger(digits) ? digits : textKey(serial);
};
const textKey = (text: string): number => Buffer.from(text).reduce((key, byte) => hash32(key, byte), 0);
