import type { FoundUnit } from "../../domain/bus.ts";
import type { ModbusProfile } from "../../domain/profile.ts";
import type { RefusalReason } from "../../domain/refusal.ts";
import { isAlive } from "./order.ts";
import type { Block } from "./plan.ts";
import { recognise } from "./recognise.ts";
import type { Outcome, ReadRequest } from "./request.ts";

/** Slaves have 1 to 247: Modbus over Serial Line V1.02, 2.2. */
export const UNIT_ID_MAX = 247;

export type ScanProgress = {
  /** Unit ids asked so far, of how many. */
  readonly asked: number;
  readonly total: number;
  readonly found: readonly FoundUnit[];
};

export type ScanOptions = {
  readonly unitIds: readonly number[];
  readonly profiles: readonly ModbusProfile[];
  readonly ask: (request: ReadRequest) => Promise<Outcome>;
  readonly onProgress?: (progress: ScanProgress) => void;
  readonly signal?: AbortSignal;
};

/** A request that never left because the connection was being replaced is asked again so often. */
const UNSENT_TRIES_MAX = 5;

/** Asks each unit id for one register, and each that answers for what tells its kind. Ends early when the signal is given. */
export async function scan(options: ScanOptions): Promise<FoundUnit[]> {
  const { unitIds, profiles, signal, onProgress } = options;
  const found: FoundUnit[] = [];
  let asked = 0;
  for (const unitId of unitIds) {
    if (signal?.aborted === true) break;
    const hello = await patiently(options, { kind: "read", unitId, table: "holding", address: 0, count: 1 });
    const trouble = troubleOf(hello);
    if (trouble !== "absent") {
      const ask = async ({ table, address, count }: Block): Promise<Uint16Array | null> => {
        const outcome = await patiently(options, { kind: "read", unitId, table, address, count });
        return outcome.kind === "words" ? outcome.words : null;
      };
      found.push({ unitId, trouble, candidates: trouble === null ? await recognise(profiles, ask) : [] });
    }
    asked++;
    onProgress?.({ asked, total: unitIds.length, found: [...found] });
  }
  return found;
}

function troubleOf(outcome: Outcome): RefusalReason | "absent" | null {
  if (outcome.kind !== "refused" || isAlive(outcome)) return null;
  const { reason } = outcome;
  return reason === "timeout" || reason === "link_down" || reason === "exception_reply" ? "absent" : reason;
}

async function patiently({ ask }: ScanOptions, request: ReadRequest): Promise<Outcome> {
  for (let tries = 1; ; tries++) {
    const outcome = await ask(request);
    if (outcome.kind !== "refused" || outcome.unsent !== true || tries >= UNSENT_TRIES_MAX) return outcome;
  }
}
