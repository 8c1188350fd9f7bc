import type { Clock } from "../../domain/instant.ts";
import type { Fault, FaultPlan } from "../modbus/fault.ts";
import type { ExceptionCode } from "../modbus/unit.ts";
import type { FaultBook, Target } from "./book.ts";
import type { FaultName } from "./catalogue.ts";

const WRITES: readonly number[] = [5, 6, 15, 16];
const EXCEPTIONS: readonly number[] = [1, 2, 3, 4, 6, 10, 11];

/** What the chosen faults do to the answers of a bus. Which stretch is the book's; of its answers the first few are hit. */
export function wirePlan(faults: FaultBook, units: ReadonlyMap<number, Target>, clock: Clock): FaultPlan | null {
  const on = faults.faults.flatMap(({ name, params }) => {
    const fault = faultOf(name, params);
    return fault === null ? [] : [{ name, fault, answers: params["answers"] ?? Number.POSITIVE_INFINITY }];
  });
  if (on.length === 0) return null;
  const hits = new Map<string, { since: number; answers: number }>();
  return ({ unitId, functionCode }) => {
    const target = units.get(unitId);
    if (target === undefined) return null;
    const now = clock.now();
    for (const { name, fault, answers } of on) {
      if (name === "ack-lost" && !WRITES.includes(functionCode)) continue;
      const episode = faults.at(name, target, now);
      if (episode === null) continue;
      const key = `${name} ${unitId}`;
      let hit = hits.get(key);
      if (hit?.since !== episode.from) hits.set(key, (hit = { since: episode.from, answers: 0 }));
      if (hit.answers >= answers) continue;
      hit.answers++;
      return fault;
    }
    return null;
  };
}

function faultOf(name: FaultName, params: Readonly<Record<string, number>>): Fault | null {
  switch (name) {
    case "crc-error":
      return { kind: "crc_error" };
    case "swapped-reply":
      return { kind: "swapped" };
    case "late-reply":
      return { kind: "late", ms: params["ms"] ?? 0 };
    case "exception-reply": {
      const code = params["code"] ?? 0;
      return { kind: "exception", code: (EXCEPTIONS.includes(code) ? code : 4) as ExceptionCode };
    }
    case "no-reply":
    case "ack-lost":
      return { kind: "silence" };
    case "dropped-link":
      return { kind: "drop_mid_frame" };
    default:
      return null;
  }
}
