import type { Refusal, RefusalReason } from "../../domain/refusal.ts";
import type { Sample } from "../../domain/reading.ts";
import type { RegisterName } from "../../domain/register.ts";

/** One value of a message that is not a reading, while its neighbours may be. */
export type ValueRefusal = Refusal & { readonly register: RegisterName | "frame" };

/** What one device says at one time. One payload may hold many (backlog, gateway, several channels). */
export type DecodedMessage = {
  /** The device's own key, lower case; null when neither topic nor payload names one. */
  readonly device: string | null;
  readonly samples: readonly Sample[];
  readonly refusals: readonly ValueRefusal[];
};

/** The device answers the command of this number; `error` is its own words when it refused. Proves nothing about the supply. */
export type CommandAnswer = {
  readonly device: string | null;
  readonly id: string;
  readonly error: string | null;
  /** The whole answer where it is signed. */
  readonly body?: unknown;
};

export type Decoded =
  | {
      readonly kind: "decoded";
      readonly messages: readonly DecodedMessage[];
      readonly answers?: readonly CommandAnswer[];
      /** Understood, and nothing in it is to be kept. */
      readonly ignored?: true;
    }
  | ({ readonly kind: "refused" } & Refusal);

export const refused = (reason: RefusalReason, detail: string): Decoded & { kind: "refused" } => ({
  kind: "refused",
  reason,
  detail,
});

export const ignored: Decoded = { kind: "decoded", messages: [], ignored: true };

/** Every sample of a result, with its device, for callers that do not care about its shape. */
export const samplesOf = (decoded: Decoded): (Sample & { device: string | null })[] =>
  decoded.kind === "refused"
    ? []
    : decoded.messages.flatMap((m) => m.samples.map((sample) => ({ ...sample, device: m.device })));
