import type { Instant } from "./instant.ts";
import type { Micro } from "./quantity.ts";
import type { MeterId } from "./reading.ts";
import type { RegisterName } from "./register.ts";

/** How a value that no meter said was found. Names are stored: never change one. */
export const ESTIMATION_METHODS = [
  "linear",
  "last_year",
  "like_day",
  "recent_average",
  "class_profile",
  "manual",
  "agreed",
] as const;
export type EstimationMethod = (typeof ESTIMATION_METHODS)[number];

/** `clerk` speaks over the book, `estimate` only where book and clerk are silent. In each layer the newest entry counts. */
export type EditOrigin = "clerk" | "estimate";

/** What an entry says about one instant of one register. */
export type EditSays =
  /** What the book says there does not count. Clerks only. */
  | { readonly kind: "exclude" }
  /** Read off the meter by a person (`manual`), or an estimate with its method. */
  | { readonly kind: "value"; readonly value: Micro; readonly source: "manual" }
  | {
      readonly kind: "value";
      readonly value: Micro;
      readonly source: "estimate";
      readonly method: EstimationMethod;
      /** What it rests on, as texts: for whoever asks why. */
      readonly basis: Readonly<Record<string, string>>;
    }
  /** As if the layer had never spoken: how an entry is undone. */
  | { readonly kind: "restore" };

/** The newest entry of one layer about one instant of one register. */
export type ReadingEdit = {
  readonly id: bigint;
  readonly meterId: MeterId;
  readonly register: RegisterName;
  readonly at: Instant;
  readonly origin: EditOrigin;
  readonly says: EditSays;
  readonly reason: string;
};

/**
 * What was decided about a stretch that a rule holds or doubts: `accept` – a jump was used, a drop used nothing, a doubt is
 * none; `no_use` – nothing was used and counting goes on from the new value; `rollover` – the dial went round once; `edited` – settled by an entry about one of its readings; `withdrawn` – the
 * rule itself does not find it any more; `reopen` – undecided again.
 */
export const DECISIONS = ["accept", "no_use", "rollover", "edited", "withdrawn", "reopen"] as const;
export type Decision = (typeof DECISIONS)[number];

/** A decision that changes how a stretch is counted. */
export type DecidedStretch = {
  readonly register: RegisterName;
  readonly from: Instant;
  readonly to: Instant;
  readonly decision: "accept" | "no_use" | "rollover";
};
