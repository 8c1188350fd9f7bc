import type { Instant } from "../domain/instant.ts";
import { HOUR_MS, instant } from "../domain/instant.ts";
import type { AccountId, MeterId, OperatorId, Reading } from "../domain/reading.ts";
import { REGISTERS, SUPPLY_STATES } from "../domain/register.ts";
import type { ControlAction } from "../domain/supply.ts";

/** What can be wrong with a meter or its line for a while. */
export const TROUBLES = ["offline", "ack-lost", "order-lost", "relay-stuck", "clock-wrong", "refuses"] as const;
export type Trouble = (typeof TROUBLES)[number];

/** A home with a meter, its relay and its line: what really is, beside what the books say. */
export class Home {
  readonly operatorId: OperatorId;
  readonly account: AccountId;
  readonly meter: MeterId;
  readonly policyId: string;
  isOn = true;
  trouble: { readonly kind: Trouble; readonly until: Instant } | null = null;
  /** Of the meter's clock, while that is wrong. */
  clockOffsetMs = 0;
  /** Nothing was wrong since then. */
  healthySince: Instant;
  /** Money paid in and not taken back, in minor units. */
  paidMinor = 0n;
  /** Since when it should have power and has none. */
  entitledSince: Instant | null = null;
  /** A clock that was wrong wrote into the readings: what is known of the use may be held for a person. */
  hasOddReadings = false;
  #micro: bigint;
  #countedAt: Instant;
  /** Millionths of a kWh in an hour. */
  #hourly: bigint;

  constructor(
    ids: { operatorId: OperatorId; account: AccountId; meter: MeterId; policyId: string },
    at: Instant,
    micro: bigint,
  ) {
    this.operatorId = ids.operatorId;
    this.account = ids.account;
    this.meter = ids.meter;
    this.policyId = ids.policyId;
    this.healthySince = at;
    this.#countedAt = at;
    this.#micro = micro;
    this.#hourly = 0n;
  }

  has(kind: Trouble): boolean {
    return this.trouble?.kind === kind;
  }

  /** Uses so much from `at` on. */
  use(hourly: bigint, at: Instant): void {
    this.energyAt(at);
    this.#hourly = hourly;
  }

  /** Millionths of a kWh on the dial. */
  energyAt(at: Instant): bigint {
    if (this.isOn) this.#micro += (this.#hourly * BigInt(at - this.#countedAt)) / BigInt(HOUR_MS);
    this.#countedAt = at;
    return this.#micro;
  }

  move(action: ControlAction, at: Instant): void {
    this.energyAt(at);
    this.isOn = action === "connect";
  }

  fall(kind: Trouble, until: Instant, offsetMs: number): void {
    this.trouble = { kind, until };
    this.clockOffsetMs = kind === "clock-wrong" ? offsetMs : 0;
  }

  /** What is over is over. */
  heal(at: Instant): void {
    if (this.trouble === null || this.trouble.until > at) return;
    this.healthySince = this.trouble.until;
    this.trouble = null;
    this.clockOffsetMs = 0;
  }

  /** Dial and relay as the meter tells them, by its own clock. */
  speak(at: Instant): Reading[] {
    if (this.has("offline")) return [];
    if (this.has("clock-wrong")) this.hasOddReadings = true;
    const of = { operatorId: this.operatorId, meterId: this.meter, source: "mqtt" as const, receivedAt: at };
    const measuredAt = instant(at + this.clockOffsetMs);
    return [
      { ...of, measuredAt, register: REGISTERS.energy_import_kwh.code, value: this.energyAt(at) },
      {
        ...of,
        measuredAt,
        register: REGISTERS.relay_state.code,
        value: SUPPLY_STATES[this.isOn ? "connected" : "disconnected"],
      },
    ];
  }
}
