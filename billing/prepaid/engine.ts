import type { Logger } from "pino";
import type { Clock, Instant } from "../../domain/instant.ts";
import type { PrepaidPolicy } from "../../domain/policy.ts";
import type { AccountId, OperatorId, Reading } from "../../domain/reading.ts";
import type { SupplyEventKind } from "../../domain/supply.ts";
import type { Telemetry } from "../../domain/telemetry.ts";
import type { Database } from "../../schema/database.ts";
import type { DialBook, TariffBook } from "../tariffs.ts";

export type PrepaidDeps = {
  readonly db: Database;
  readonly clock: Clock;
  readonly tariffs: TariffBook;
  readonly dials: DialBook;
  readonly policies: (id: string) => PrepaidPolicy | null;
  readonly telemetry: Telemetry;
  readonly log?: Logger;
  /** After the commit that wrote it. */
  readonly onEvent?: (event: SupplyEvent) => void;
};

export type SupplyEvent = {
  readonly operatorId: OperatorId;
  readonly accountId: AccountId;
  readonly at: Instant;
  readonly kind: SupplyEventKind;
  readonly detail: Readonly<Record<string, string>>;
};

/** No timers inside: the shell calls `sweep` every minute or so. */
export type PrepaidEngine = {
  /** After readings were committed: takes relay and valve positions, works the accounts concerned out anew. Returns at once. */
  onReadings(readings: readonly Reading[]): void;
  /** After money moved on an account. */
  onPayment(operatorId: OperatorId, accountId: AccountId): void;
  /** Every prepaid account of every operator: hours pass, notices end, readings grow old. Resolves when all are done. */
  sweep(): Promise<void>;
  /** Resolves when nothing is being worked out. */
  idle(): Promise<void>;
};

export declare function prepaidEngine(deps: PrepaidDeps): PrepaidEngine;
