import { type Clock, type Instant, instant } from "../../domain/instant.ts";

export type TownClockOptions = {
  /** When the town's time was set, and to what. */
  readonly anchorReal: Instant;
  readonly anchorTown: Instant;
  /** Town seconds per real second: 1 = as the wall. */
  readonly speed: number;
  /** The wall. */
  readonly real: () => number;
};

export type TownClock = Clock & {
  readonly speed: number;
  /** Real milliseconds that a stretch of town time takes. */
  realMs(townMs: number): number;
};

/** The town's time. The service in demo mode takes the same clock, so that both mean the same now. */
export function townClock({ anchorReal, anchorTown, speed, real }: TownClockOptions): TownClock {
  if (!(speed > 0 && Number.isFinite(speed))) throw new RangeError(`the town's speed is a number above 0: ${speed}`);
  return {
    speed,
    now: () => instant(Math.floor(anchorTown + (real() - anchorReal) * speed)),
    realMs: (townMs) => townMs / speed,
  };
}

/** The town at the wall's own time. */
export const wallClock = (real: () => number = Date.now): TownClock =>
  townClock({ anchorReal: 0 as Instant, anchorTown: 0 as Instant, speed: 1, real });
