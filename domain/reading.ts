import type { Instant } from "./instant.ts";
import type { RegisterCode, RegisterName } from "./register.ts";

/** Every id in the books is a bigint identity inside its operator. */
export type OperatorId = bigint;
export type MeterId = bigint;
export type AccountId = bigint;

/** Where a reading came from. Codes are stored: never reuse one. */
export const READING_SOURCES = { modbus: 1, mqtt: 2, manual: 3, estimate: 4, import: 5, installation: 6 } as const;
export type ReadingSource = keyof typeof READING_SOURCES;

/** One value out of one payload, before anyone knows whose meter it is. `value` is millionths of the register's unit, or a state's code. */
export type Sample = {
  readonly register: RegisterName;
  readonly value: bigint;
  /** The meter's own clock; `null` when the wire carries no time and the receiver's must do. */
  readonly measuredAt: Instant | null;
};

/** One line of the readings book. Unique by operator, meter, register and `measuredAt`. Ratios are already applied. */
export type Reading = {
  readonly operatorId: OperatorId;
  readonly meterId: MeterId;
  readonly register: RegisterCode;
  readonly measuredAt: Instant;
  readonly receivedAt: Instant;
  readonly value: bigint;
  readonly source: ReadingSource;
};

/** What the book answered: new, the same again, or another value for a key that it holds (kept for a person). */
export type AppendOutcome = "accepted" | "already" | "conflict";
