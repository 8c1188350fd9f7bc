import type { BreakerState } from "../../domain/bus.ts";
import type { Telemetry } from "../../domain/telemetry.ts";
import type { Outcome } from "./request.ts";

/** What happened on one bus, for metrics and for its health. */
export class BusTally {
  readonly #telemetry: Telemetry;
  readonly #bus: { readonly bus: string };
  readonly #labels = new Map<string, Record<string, string>>();
  readonly #transactions: Record<string, number> = {};

  constructor(bus: string, telemetry: Telemetry) {
    this.#bus = { bus };
    this.#telemetry = telemetry;
  }

  /** Since the bus was opened: `ok` and reasons of refusal. */
  get transactions(): Readonly<Record<string, number>> {
    return { ...this.#transactions };
  }

  transaction(outcome: Outcome, ms: number): void {
    const name = outcome.kind === "refused" ? outcome.reason : "ok";
    this.#transactions[name] = (this.#transactions[name] ?? 0) + 1;
    let labels = this.#labels.get(name);
    if (labels === undefined) this.#labels.set(name, (labels = { ...this.#bus, outcome: name }));
    this.#telemetry.count("sanbiao_modbus_transactions_total", labels);
    this.#telemetry.observe("sanbiao_modbus_transaction_seconds", this.#bus, ms / 1000);
  }

  breakers(states: readonly BreakerState[], changedTo: BreakerState | null): void {
    if (changedTo !== null)
      this.#telemetry.count("sanbiao_modbus_breaker_changes_total", { ...this.#bus, to: changedTo });
    for (const state of ["closed", "open", "half_open"] as const) {
      const many = states.filter((other) => other === state).length;
      this.#telemetry.gauge("sanbiao_modbus_units", { ...this.#bus, state }, many);
    }
  }
}
