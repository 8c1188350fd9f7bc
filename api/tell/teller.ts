import type { Logger } from "pino";
import type { SupplyEvent } from "../../billing/prepaid/engine.ts";
import type { BillRunNews } from "../../billing/schedule.ts";
import { type Clock, type Instant, isoIn } from "../../domain/instant.ts";
import type { Zone } from "../../domain/period.ts";
import { quantityJson } from "../../domain/quantity.ts";
import type { MeterId, OperatorId, Reading } from "../../domain/reading.ts";
import { REGISTERS, registerName } from "../../domain/register.ts";
import type { Utility } from "../../domain/unit.ts";
import type { Database } from "../../schema/database.ts";
import type { LiveBus } from "../live.ts";
import { runTeller } from "./bill-run.ts";
import { supplyTeller } from "./supply.ts";

export type TellerDeps = {
  readonly live: LiveBus;
  readonly db: Database;
  readonly clock: Clock;
  /** Real time, for how often a screen is told. */
  readonly wall: Clock;
  readonly log: Logger;
  readonly utilityOf: (meterId: MeterId) => Utility | undefined;
  readonly zoneOf: (operatorId: OperatorId) => Zone | undefined;
};

/** A time as the operator's people read it. */
export type TextOf = (operatorId: OperatorId, at: Instant) => string;

/** Makes live events of what the other rooms say. Each call returns at once and never throws: a screen is no reason to fail. */
export type Teller = {
  /** After their commit. */
  readings(readings: readonly Reading[]): void;
  /** After the commit that wrote it: with what the books then say of the supply, and the orders that changed with it. */
  supply(event: SupplyEvent): void;
  billRun(news: BillRunNews): void;
  /** Resolves when nothing is being looked up. */
  idle(): Promise<void>;
};

/** Of one batch: a backlog of months is nobody's live picture. */
const READINGS_MAX = 500;

export function liveTeller(deps: TellerDeps): Teller {
  const at = (operatorId: OperatorId, instant: Instant): string => isoIn(instant, deps.zoneOf(operatorId) ?? "UTC");
  const supplies = supplyTeller(deps, at);
  const runs = runTeller(deps, at);
  return {
    readings: (readings) => tellReadings(deps, at, readings),
    supply: (event) => supplies.tell(event),
    billRun: (news) => runs.tell(news),
    idle: async () => {
      await Promise.all([supplies.idle(), runs.idle()]);
    },
  };
}

/** Nobody looks: nothing is made. The bus itself keeps a fast meter from drowning the others. */
function tellReadings({ live, utilityOf }: TellerDeps, at: TextOf, readings: readonly Reading[]): void {
  if (live.listeners() === 0) return;
  for (const { operatorId, meterId, register, measuredAt, value } of readings.slice(-READINGS_MAX)) {
    const name = registerName(register);
    const utility = utilityOf(meterId);
    if (name === null || utility === undefined) continue;
    live.publish(operatorId, {
      kind: "reading",
      at: at(operatorId, measuredAt),
      meterId: String(meterId),
      register: name,
      utility,
      quantity: quantityJson({ unit: REGISTERS[name].unit, micro: value }),
    });
  }
}
