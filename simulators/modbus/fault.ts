import type { Request } from "./frame.ts";
import type { ExceptionCode } from "./unit.ts";

/** What may go wrong with one answer. The name is what a test or a town script says. */
export type Fault =
  /** RTU: the CRC is wrong. MBAP has none: the gateway that saw it answers exception 11. */
  | { readonly kind: "crc_error" }
  | { readonly kind: "exception"; readonly code: ExceptionCode }
  | { readonly kind: "silence" }
  | { readonly kind: "late"; readonly ms: number }
  /** Sent only after this many further requests on the connection. */
  | { readonly kind: "held"; readonly requests: number }
  /** This answer and the connection's next one change places (transaction ids stay where they were). */
  | { readonly kind: "swapped" }
  /** Fewer words than asked, in a well-formed frame. */
  | { readonly kind: "short_reply" }
  /** RTU: the frame stops in the middle. MBAP: the header's length says more than the PDU's byte count. */
  | { readonly kind: "truncated" }
  | { readonly kind: "wrong_unit_id"; readonly unitId: number }
  | { readonly kind: "wrong_function" }
  | { readonly kind: "drop_mid_frame" }
  | { readonly kind: "close" }
  /** MBAP header with this length; on RTU eight bytes of noise in front of the frame. */
  | { readonly kind: "garbage_length"; readonly length: number }
  | { readonly kind: "wrong_protocol_id" }
  | { readonly kind: "duplicate" }
  /** Sent byte by byte: slow, and right. */
  | { readonly kind: "fragmented" }
  /** Well-formed data that no meter means. */
  | { readonly kind: "all_ones" }
  | { readonly kind: "nan" };

export type FaultKind = Fault["kind"];

/** Asked for each request; `null` is a healthy answer. `sequence` counts the server's requests from 0. */
export type FaultPlan = (request: Request, sequence: number) => Fault | null;

/** Faults by unit: the next `times` answers of a unit, or all while `times` is Infinity. */
export class UnitFaults {
  readonly #byUnit = new Map<number, { fault: Fault; times: number }>();

  set(unitId: number, fault: Fault, times = Number.POSITIVE_INFINITY): void {
    this.#byUnit.set(unitId, { fault, times });
  }

  clear(unitId?: number): void {
    if (unitId === undefined) this.#byUnit.clear();
    else this.#byUnit.delete(unitId);
  }

  take(unitId: number): Fault | null {
    if (this.#byUnit.size === 0) return null;
    const entry = this.#byUnit.get(unitId);
    if (entry === undefined) return null;
    if (--entry.times <= 0) this.#byUnit.delete(unitId);
    return entry.fault;
  }
}
