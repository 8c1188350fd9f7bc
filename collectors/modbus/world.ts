import type { Logger } from "pino";
import type { Clock, Instant } from "../../domain/instant.ts";
import type { PollGroup } from "../../domain/profile.ts";
import type { Telemetry } from "../../domain/telemetry.ts";
import type { WordBlock } from "../decode/words.ts";
import type { Backoff, Random } from "./backoff.ts";
import type { LinkConfig } from "./link.ts";
import type { Plan } from "./plan.ts";
import type { Refused, Request } from "./request.ts";
import type { Gap, PolledMeter } from "./sink.ts";

export type BusOptions = {
  readonly id: string;
  readonly link: LinkConfig;
  readonly meters: readonly PolledMeter[];
  /** Milliseconds of the clock between two polls; 0 polls again at once; a group that is absent is not polled. */
  readonly intervals: Partial<Record<PollGroup, number>>;
  readonly slaveBackoff?: Backoff;
  readonly linkBackoff?: Backoff;
  /** Tries of one slot beyond the first before it is given up as a gap. */
  readonly retriesMax?: number;
  /** For an order, from being given to the state that proves it. */
  readonly controlDeadlineMs?: number;
};

export type BusEvents = {
  onFrame(meter: PolledMeter, plan: Plan, blocks: readonly WordBlock[], at: Instant): void;
  onRefused(meter: PolledMeter, request: Request, refusal: Refused, at: Instant): void;
  onGap(gap: Gap): void;
  /** A promise while whoever takes the frames cannot take more: no turn begins before it is done. */
  gate(): Promise<void> | null;
};

export type BusWorld = {
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry: Telemetry;
  readonly log: Logger;
  /** How often due polls are looked for, real milliseconds; for a clock that is moved by hand. */
  readonly tickMs?: number;
};
