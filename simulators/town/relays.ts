import type { TownClock } from "./clock.ts";
import type { RelayOrder } from "./image.ts";
import type { TownMeter } from "./meter.ts";
import type { TownState } from "./state.ts";

export type RelayTimes = {
  /** A relay needs so long, real time, until it stands. */
  readonly relayMs: number;
  /** A valve is driven by a small motor. */
  readonly valveMs: number;
  /** The customer presses the button so long after it was permitted; `null`: only by `press`. */
  readonly pressMs: number | null;
};
const TIMES: RelayTimes = { relayMs: 800, valveMs: 8_000, pressMs: 3_000 };
/** One that sticks is looked at so often: the town's clock may be moved by hand. */
const LOOK_MS = 500;

type Moving = { readonly order: RelayOrder; readonly done: readonly (() => void)[]; timer: NodeJS.Timeout };

/** Orders to relays take effect a little later; the last order of a meter wins. A faulty one acknowledges and stays, or sticks. */
export class Relays {
  readonly #moving = new Map<TownMeter, Moving>();
  readonly #presses = new Map<TownMeter, NodeJS.Timeout>();
  readonly #state: TownState;
  readonly #clock: TownClock;
  readonly #moved: (meter: TownMeter) => void;
  readonly #times: RelayTimes;

  constructor(state: TownState, clock: TownClock, moved: (meter: TownMeter) => void, times: Partial<RelayTimes> = {}) {
    this.#state = state;
    this.#clock = clock;
    this.#moved = moved;
    this.#times = { ...TIMES, ...times };
  }

  /** What stands against an order: a protected relay does not trip. */
  refusal(meter: TownMeter, order: RelayOrder): string | null {
    return order === "trip" && this.#state.isProtected(meter.serial) ? "protected" : null;
  }

  order(meter: TownMeter, order: RelayOrder, done?: () => void): void {
    if (this.#setting(meter, order)) {
      done?.();
      return;
    }
    const now = this.#clock.now();
    if (this.#state.faults.at("relay-stuck", meter, now) !== null) {
      done?.();
      return;
    }
    const before = this.#moving.get(meter);
    clearTimeout(before?.timer);
    this.#forgetPress(meter);
    const all = [...(before?.done ?? []), ...(done === undefined ? [] : [done])];
    const half = this.#state.faults.at("valve-half", meter, now);
    this.#state.stick(meter.serial, half !== null);
    const { relayMs, valveMs } = this.#times;
    const ms = order.startsWith("valve") ? valveMs : relayMs;
    this.#moving.set(meter, { order, timer: setTimeout(() => this.#stand(meter), ms), done: all });
    if (half !== null) this.#moved(meter);
  }

  /** The customer presses the meter's button: a relay that may close closes, any other does nothing. */
  press(meter: TownMeter): void {
    this.#forgetPress(meter);
    if (!this.#state.isPermitted(meter.serial)) return;
    this.#state.permit(meter.serial, false);
    this.order(meter, "direct_close");
  }

  /** What is under way stands at once: the process ends. */
  settle(): void {
    for (const timer of this.#presses.values()) clearTimeout(timer);
    this.#presses.clear();
    for (const meter of this.#moving.keys()) this.#stand(meter, true);
  }

  /** Orders that move nothing. */
  #setting({ serial }: TownMeter, order: RelayOrder): boolean {
    if (order === "protect_on" || order === "protect_off") this.#state.protect(serial, order === "protect_on");
    else if (order === "alarm_on" || order === "alarm_off") this.#state.alarm(serial, order === "alarm_on");
    else return false;
    return true;
  }

  #forgetPress(meter: TownMeter): void {
    clearTimeout(this.#presses.get(meter));
    this.#presses.delete(meter);
  }

  #stand(meter: TownMeter, atOnce = false): void {
    const moving = this.#moving.get(meter);
    if (moving === undefined) return;
    clearTimeout(moving.timer);
    const now = this.#clock.now();
    if (!atOnce && this.#state.isHalfWay(meter.serial) && this.#state.faults.at("valve-half", meter, now) !== null) {
      moving.timer = setTimeout(() => this.#stand(meter), LOOK_MS);
      return;
    }
    this.#moving.delete(meter);
    this.#state.stick(meter.serial, false);
    this.#take(meter, moving.order);
    for (const done of moving.done) done();
    if (moving.done.length === 0) this.#moved(meter);
  }

  #take(meter: TownMeter, order: RelayOrder): void {
    const { serial } = meter;
    const now = this.#clock.now();
    if (order === "close_permitted") {
      if (!this.#state.isOff(serial) && !this.#state.isWelded(serial)) return;
      this.#state.permit(serial, true);
      const { pressMs } = this.#times;
      if (pressMs !== null)
        this.#presses.set(
          meter,
          setTimeout(() => this.press(meter), pressMs),
        );
      return;
    }
    this.#state.permit(serial, false);
    this.#state.limit(serial, order === "valve_trickle");
    const takes = order === "trip" || order === "valve_close";
    const isWelded = takes && this.#state.faults.at("relay-welded", meter, now) !== null;
    this.#state.weld(serial, isWelded);
    if (takes && !isWelded) this.#state.cut(serial, now);
    else if (!takes) this.#state.restore(serial, now);
  }
}
