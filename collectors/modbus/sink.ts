import type { Instant } from "../../domain/instant.ts";
import type { ModbusProfile, PollGroup } from "../../domain/profile.ts";
import type { MeterId, OperatorId, Sample } from "../../domain/reading.ts";
import type { RefusedFrame, RefusalReason } from "../../domain/refusal.ts";
import type { Ratios } from "../decode/normalise.ts";

/** A meter as its bus knows it. `ratios` are for whoever normalises; nothing here applies them. */
export type PolledMeter = {
  readonly operatorId: OperatorId;
  readonly meterId: MeterId;
  readonly busId: string;
  readonly unitId: number;
  readonly profile: ModbusProfile;
  readonly ratios?: Ratios;
};

/**
 * A poll that was due and did not give the values: nothing is repeated in its place. It covers the slots from `from` up to, not
 * including, `until`.
 */
export type Gap = {
  readonly meter: PolledMeter;
  readonly group: PollGroup;
  readonly from: Instant;
  readonly until: Instant;
  /** Requests tried in vain; 0 when it was not even asked (link down, resting after failures). */
  readonly attempts: number;
  readonly reason: RefusalReason;
  readonly detail: string;
};

/**
 * Takes what was read. A promise tells that it is still at work: the collector lets a bounded number of them wait, then its buses pause.
 * It must not reject; a rejection is logged and the values are lost.
 */
export type Sink = {
  /** `receivedAt` is also the time of measurement: a Modbus reply carries none. */
  samples(meter: PolledMeter, samples: readonly Sample[], receivedAt: Instant): void | Promise<void>;
  refused(frame: RefusedFrame): void | Promise<void>;
  gap(gap: Gap): void | Promise<void>;
};
