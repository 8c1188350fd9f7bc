import type { Instant } from "./instant.ts";
import type { OperatorId, Sample } from "./reading.ts";
import type { RegisterName } from "./register.ts";
import type { Unit, Utility } from "./unit.ts";

/** Why a profile may be the right one; pages have words for each. `detail` is shown as it is: figures and names, no sentence. */
export const EVIDENCE_KINDS = [
  /** The client is registered with this profile, and it reads the message. */
  "client_profile",
  /** Another profile of the catalogue that reads the message. */
  "reads",
  /** The unit answers where this profile's registers stand. */
  "probe",
  /** The device names its make or model. */
  "identity",
  /** Its values are such as a meter of this kind has. */
  "plausible",
  /** Something speaks against it. */
  "against",
] as const;
export type EvidenceKind = (typeof EVIDENCE_KINDS)[number];
export type Evidence = { readonly kind: EvidenceKind; readonly detail: string };

/** A profile that may read a found device, with what it read: decimal text in the register's unit, or a position's code. */
export type ProfileCandidate = {
  readonly profileId: string;
  /** What it would count; null where the profile serves several and nothing tells which. */
  readonly utility: Utility | null;
  readonly evidence: readonly Evidence[];
  readonly sample: readonly { readonly register: RegisterName; readonly value: string; readonly unit: Unit }[];
};

/** A message of a found device, kept so that nothing is lost when it is accepted. */
export type FoundFrame = {
  readonly receivedAt: Instant;
  readonly address: string;
  /** Empty where `samples` say it all. */
  readonly payload: Uint8Array;
  /** What it says of this device, where its bytes alone do not: several devices in one message, or a dialect with memory. */
  readonly samples: readonly Sample[] | null;
};

export type FoundPlace =
  | { readonly origin: "mqtt"; readonly clientId: bigint; readonly deviceKey: string }
  | { readonly origin: "modbus"; readonly busId: bigint; readonly unitId: number };

/** A device that speaks and is nobody's meter. */
export type Found = FoundPlace & {
  readonly operatorId: OperatorId;
  readonly seenAt: Instant;
  /** The best first; empty where nothing could read it. */
  readonly candidates: readonly ProfileCandidate[];
  /** In the order of their arrival. */
  readonly frames?: readonly FoundFrame[];
};

/**
 * Which candidates can be chosen: where the client's own profiles read the device, the first of them is the one that its messages go
 * through; only where none does, another profile can be added to the client.
 */
export function choosable(candidates: readonly ProfileCandidate[]): readonly ProfileCandidate[] {
  const own = candidates.find(({ evidence }) => evidence.some(({ kind }) => kind === "client_profile"));
  return own === undefined ? candidates : [own];
}
