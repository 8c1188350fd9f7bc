import type { Instant } from "../../domain/instant.ts";
import type { DialectProfile } from "../../domain/profile.ts";
import type { Decoded } from "./decoded.ts";
import { type HomieState, homieDeviceOf, homieStep } from "./homie.ts";
import { type SparkplugState, sparkplugNodeOf, sparkplugStep } from "./sparkplug.ts";

/** `retained`: a broker gives a message that stood there before; nobody knows when its value was measured. */
export type DialectMessage = { readonly topic: string; readonly payload: Uint8Array; readonly retained?: boolean };

/** A message to the device without which its data cannot be understood. */
export type Ask = {
  readonly kind: "rebirth";
  readonly topic: string;
  readonly payload: Uint8Array;
  /** In words: what is missing. */
  readonly why: string;
};

/** What one edge node or device has said so far. `null` before its first message and after a restart. */
export type DialectState = SparkplugState | HomieState;

export type Step<S> = { readonly state: S | null; readonly decoded: Decoded; readonly asks: readonly Ask[] };

/** What a topic belongs to: its messages share one state. Null when the dialect does not read the topic. */
export const sessionOf = (profile: DialectProfile, topic: string): string | null =>
  profile.dialect === "sparkplug-b" ? sparkplugNodeOf(topic) : homieDeviceOf(profile, topic);

/** One message of a session. Pure, and never throws, whatever the bytes are. */
export function stepDialect(
  profile: DialectProfile,
  state: DialectState | null,
  message: DialectMessage,
  receivedAt: Instant,
): Step<DialectState> {
  if (profile.dialect === "sparkplug-b")
    return sparkplugStep(profile, state?.kind === "sparkplug" ? state : null, message, receivedAt);
  return homieStep(profile, state?.kind === "homie" ? state : null, message);
}
