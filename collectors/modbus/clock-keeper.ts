import type { Logger } from "pino";
import type { ClockCheck, ClockOutcome } from "../../domain/clock-check.ts";
import { type Clock, HOUR_MS, type Instant, instant, MINUTE_MS, SECOND_MS } from "../../domain/instant.ts";
import type { Zone } from "../../domain/period.ts";
import type { ModbusClock } from "../../domain/profile.ts";
import type { MeterId } from "../../domain/reading.ts";
import { CLOCK_WORDS, DRIFT_MS_MIN, driftMs, stepFor, timeOfWords, wordsOfTime } from "./clock.ts";
import type { Timed } from "./errand.ts";
import type { Request } from "./request.ts";
import type { PolledMeter } from "./sink.ts";

export type ClockKeeping = {
  /** Where the meter's local time belongs. */
  readonly zoneOf: (meter: PolledMeter) => Zone;
  readonly onCheck: (check: ClockCheck) => void;
  /** Between two looks at one clock, by the collector's clock; an hour when absent. */
  readonly everyMs?: number;
};

const EVERY_MS = HOUR_MS; // a quartz is off by less than 0.2 s in that time
/** A clock that is to be set and may not be now is looked at again after this long: quarter hours leave 13 minutes. */
const AGAIN_MS = 3 * MINUTE_MS;

type Kept = { readonly meter: PolledMeter; readonly clock: ModbusClock; dueAt: Instant; busy: boolean };
type Ask = (busId: string, unitId: number, request: () => Request | null) => Promise<Timed>;

/** Reads the clocks of meters that have one, and sets those that are off, where the profile can and the hour allows. */
export class ClockKeeper {
  readonly #keeping: ClockKeeping;
  readonly #ask: Ask;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #kept = new Map<MeterId, Kept>();
  readonly #last = new Map<MeterId, ClockCheck>();
  readonly #tick: NodeJS.Timeout;

  constructor(keeping: ClockKeeping, ask: Ask, clock: Clock, log: Logger) {
    this.#keeping = keeping;
    this.#ask = ask;
    this.#clock = clock;
    this.#log = log;
    this.#tick = setInterval(() => this.#look(), SECOND_MS);
  }

  add(meters: readonly PolledMeter[]): void {
    const dueAt = this.#clock.now();
    for (const meter of meters) {
      const { clock } = meter.profile;
      if (clock !== undefined) this.#kept.set(meter.meterId, { meter, clock, dueAt, busy: false });
    }
    this.#look();
  }

  remove(meterId: MeterId): void {
    this.#kept.delete(meterId);
  }

  lastOf(meterId: MeterId): ClockCheck | null {
    return this.#last.get(meterId) ?? null;
  }

  stop(): void {
    clearInterval(this.#tick);
    this.#kept.clear();
  }

  #look(): void {
    const now = this.#clock.now();
    for (const kept of this.#kept.values()) {
      const everyMs = this.#keeping.everyMs ?? EVERY_MS;
      const setBack = kept.dueAt - now > everyMs; // a clock of ours that was set back must not silence it
      if (kept.busy || (now < kept.dueAt && !setBack)) continue;
      kept.busy = true;
      kept.dueAt = instant(now + everyMs);
      void this.#check(kept)
        .catch((error: unknown) => this.#log.error({ err: error }, "a meter's clock could not be looked after"))
        .finally(() => (kept.busy = false));
    }
  }

  async #check(kept: Kept): Promise<void> {
    const { meter, clock } = kept;
    const zone = this.#keeping.zoneOf(meter);
    const before = await this.#read(kept, zone);
    if (before === null) return;
    const step = clock.writable === true ? stepFor(before.drift, before.at, zone) : "leave";
    if (step !== "set") {
      if (step === "wait")
        kept.dueAt = instant(this.#clock.now() + Math.min(AGAIN_MS, this.#keeping.everyMs ?? EVERY_MS));
      return this.#tell(kept, before, step === "hold" ? "held" : "measured");
    }
    if (!(await this.#write(kept, before.drift, zone))) return this.#tell(kept, before, "measured");
    const after = await this.#read(kept, zone);
    const proved = after !== null && Math.abs(after.drift) < DRIFT_MS_MIN;
    this.#tell(kept, after ?? before, proved ? "corrected" : "unproved", before.drift);
  }

  async #read({ meter, clock }: Kept, zone: Zone): Promise<{ drift: number; at: Instant } | null> {
    const { table, address, format } = clock;
    const request: Request = { kind: "read", unitId: meter.unitId, table, address, count: CLOCK_WORDS[format] };
    const { outcome, sentAt, receivedAt } = await this.#ask(meter.busId, meter.unitId, () => request);
    const read = outcome.kind === "words" ? timeOfWords(clock, outcome.words, zone) : null;
    if (read === null) return null;
    return { drift: driftMs(read, sentAt, receivedAt), at: instant(Math.round((sentAt + receivedAt) / 2)) };
  }

  /**
   * Whether anything may have reached the meter; after a lost reply, reading back decides. The time is taken, and the hour looked at
   * again, when its turn has come.
   */
  async #write({ meter, clock }: Kept, drift: number, zone: Zone): Promise<boolean> {
    const { outcome } = await this.#ask(meter.busId, meter.unitId, () => {
      const now = this.#clock.now();
      if (stepFor(drift, now, zone) !== "set") return null;
      const write = { functionCode: 16, address: clock.address, words: wordsOfTime(clock, now, zone) } as const;
      return { kind: "write", unitId: meter.unitId, write };
    });
    return outcome.kind !== "refused" || (outcome.unsent !== true && outcome.reason !== "exception_reply");
  }

  #tell(
    { meter }: Kept,
    seen: { drift: number; at: Instant },
    outcome: ClockOutcome,
    beforeMs: number | null = null,
  ): void {
    const { operatorId, meterId } = meter;
    const check: ClockCheck = { operatorId, meterId, checkedAt: seen.at, driftMs: seen.drift, outcome, beforeMs };
    this.#last.set(meterId, check);
    const what = { bus: meter.busId, unitId: meter.unitId, driftMs: seen.drift, beforeMs };
    if (outcome === "corrected") this.#log.info(what, "a meter's clock was set");
    else if (outcome !== "measured")
      this.#log.warn(
        what,
        outcome === "held"
          ? "a meter's clock is too far off to be set by us"
          : "a meter's clock was set and does not show it",
      );
    this.#keeping.onCheck(check);
  }
}
