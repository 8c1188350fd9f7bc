import type { Instant } from "./instant.ts";
import type { OperatorId } from "./reading.ts";

/** Every way in which something from a wire is not a reading. Each is a metric label and a row in `refused_frame`. */
export const REFUSAL_REASONS = [
  "malformed_json",
  "malformed_payload",
  "unmapped_payload",
  "before_birth",
  "unknown_device",
  "unknown_topic",
  "topic_not_allowed",
  "wrong_credentials",
  "unsupported_protocol",
  "too_large",
  "rate_limited",
  "timeout",
  "crc_error",
  "exception_reply",
  "short_reply",
  "wrong_unit_id",
  "wrong_function",
  "link_down",
  "all_ones",
  "not_a_number",
  "sentinel",
  "implausible_zero",
  "out_of_range",
  "future_timestamp",
  "past_timestamp",
  "conflict",
  "duplicate",
  "replay",
] as const;
export type RefusalReason = (typeof REFUSAL_REASONS)[number];

/** Why one value or one whole frame was refused, in words a clerk can act on. */
export type Refusal = { readonly reason: RefusalReason; readonly detail: string };

/** A refusal with what is needed to look at it later. `operatorId` is null when nobody could be told from the frame. */
export type RefusedFrame = Refusal & {
  readonly operatorId: OperatorId | null;
  readonly receivedAt: Instant;
  /** `mqtt:<client>` or `modbus:<bus>/<unit id>`. */
  readonly origin: string;
  /** Topic or `fc3 0x0000+10`. */
  readonly address: string;
  /** The first bytes as they came, at most 4 KiB. */
  readonly payload: Uint8Array;
};
