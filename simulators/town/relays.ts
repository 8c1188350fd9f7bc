import type { TownClock } from "./clock.ts";
import type { RelayOrder } from "./image.ts";
import type { TownMeter } from "./meter.ts";
import type { TownState } from "./state.ts";

/** A relay needs so long, real time, until it stands. */
const RELAY_MS = 800;
/** One that sticks is looked at so often: the town's clock may be moved by hand. */
const LOOK_MS = 500;

type Moving = { readonly order: RelayOrder; readonly done: readonly (() => void)[]; timer: NodeJS.Timeout };

/** Orders to relays take effect a little later; the last order of a meter wins. A faulty one acknowledges and stays, or sticks. */
export class Relays {
  readonly #moving = new Map<TownMeter, Moving>();
  readonly #state: TownState;
  readonly #clock: TownClock;
  readonly #moved: (meter: TownMeter) => void;

  constructor(state: TownState, clock: TownClock, moved: (meter: TownMeter) => void) {
    this.#state = state;
    this.#clock = clock;
    this.#moved = moved;
  }

  order(meter: TownMeter, order: RelayOrder, done?: () => void): void {
    const now = this.#clock.now();
    if (this.#state.faults.at("relay-stuck", meter, now) !== null) {
      done?.();
      return;
    }
    const before = this.#moving.get(meter);
    clearTimeout(before?.timer);
    const all = [...(before?.done ?? []), ...(done === undefined ? [] : [done])];
    const half = this.#state.faults.at("valve-half", meter, now);
    this.#state.stick(meter.serial, half !== null);
    this.#moving.set(meter, { order, timer: setTimeout(() => this.#stand(meter), RELAY_MS), done: all });
    if (half !== null) this.#moved(meter);
  }

  /** What is under way stands at once: the process ends. */
  settle(): void {
    for (const meter of this.#moving.keys()) this.#stand(meter, true);
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
    if (moving.order === "disconnect") this.#state.cut(meter.serial, now);
    else this.#state.restore(meter.serial, now);
    for (const done of moving.done) done();
    if (moving.done.length === 0) this.#moved(meter);
  }
}
