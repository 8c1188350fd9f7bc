import { readFileSync, renameSync, writeFileSync } from "node:fs";
import type { Instant } from "../../domain/instant.ts";
import { type FaultBook, NO_FAULTS } from "../faults/book.ts";

/** A stretch without supply; `to` is null while it lasts. */
export type OffStretch = { readonly from: Instant; readonly to: Instant | null };
/** Something strong that somebody left on. */
export type Heater = { readonly from: Instant; readonly to: Instant; readonly watts: number };

type Kept = {
  readonly seed: number;
  readonly off: Record<string, OffStretch[]>;
  readonly heaters: Record<string, Heater[]>;
  readonly ports: Record<string, number>;
  /** Number of the last signed command, by serial; a file of an older town has none. */
  commands?: Record<string, number>;
  uploadedTo: Instant | null;
};

/**
 * All that a town has to remember beside its seed: when a relay was open, heaters, gateway ports, how far the backlog was
 * uploaded. Written to a small file after each change, whole or not at all, so that a second start continues here.
 */
export class TownState {
  readonly #kept: Kept;
  readonly #file: string | null;

  /** What goes wrong on purpose; nothing of it is remembered. */
  readonly faults: FaultBook;
  readonly #onError: (error: unknown) => void;
  readonly #halfWay = new Set<string>();
  readonly #permitted = new Set<string>();
  readonly #protected = new Set<string>();
  readonly #alarmed = new Set<string>();
  readonly #welded = new Set<string>();
  readonly #limited = new Set<string>();

  /**
   * @param file absent: kept in memory only. A file of another seed, or a broken one, is not taken over.
   * @param onError told when the file cannot be written; the town goes on and tries again at the next change
   */
  constructor(
    seed: number,
    file: string | null = null,
    onError: (error: unknown) => void = () => {},
    faults: FaultBook = NO_FAULTS,
  ) {
    this.#file = file;
    this.faults = faults;
    this.#onError = onError;
    const found = file === null ? null : readKept(file);
    this.#kept = found?.seed === seed ? found : { seed, off: {}, heaters: {}, ports: {}, uploadedTo: null };
  }

  offOf(serial: string): readonly OffStretch[] {
    return this.#kept.off[serial] ?? NONE;
  }

  heatersOf(serial: string): readonly Heater[] {
    return this.#kept.heaters[serial] ?? NONE;
  }

  /** Whether the relay is open: now, or as it was at an instant. */
  isOff(serial: string, at?: Instant): boolean {
    if (at === undefined) return this.offOf(serial).at(-1)?.to === null;
    return this.offOf(serial).some(({ from, to }) => from <= at && (to === null || at < to));
  }

  /** An order was begun and stuck. */
  isHalfWay(serial: string): boolean {
    return this.#halfWay.has(serial);
  }

  stick(serial: string, stuck: boolean): void {
    if (stuck) this.#halfWay.add(serial);
    else this.#halfWay.delete(serial);
  }

  /** Told to close, and the customer has not pressed yet. */
  isPermitted = (serial: string): boolean => this.#permitted.has(serial);
  permit = (serial: string, on: boolean): void => mark(this.#permitted, serial, on);
  /** Under protection a relay refuses to trip. */
  isProtected = (serial: string): boolean => this.#protected.has(serial);
  protect = (serial: string, on: boolean): void => mark(this.#protected, serial, on);
  isAlarmed = (serial: string): boolean => this.#alarmed.has(serial);
  alarm = (serial: string, on: boolean): void => mark(this.#alarmed, serial, on);
  /** Its contacts stuck together: it says open, and current flows. */
  isWelded = (serial: string): boolean => this.#welded.has(serial);
  weld = (serial: string, on: boolean): void => mark(this.#welded, serial, on);
  /** Its valve stands at a trickle; what flows through is what the home uses anyway. */
  isLimited = (serial: string): boolean => this.#limited.has(serial);
  limit = (serial: string, on: boolean): void => mark(this.#limited, serial, on);

  /** Opens the relay. Open already: nothing changes. */
  cut(serial: string, at: Instant): void {
    if (this.isOff(serial)) return;
    (this.#kept.off[serial] ??= []).push({ from: at, to: null });
    this.#write();
  }

  /** Closes the relay. Closed already: nothing changes. */
  restore(serial: string, at: Instant): void {
    const stretches = this.#kept.off[serial];
    const last = stretches?.at(-1);
    if (stretches === undefined || last === undefined || last.to !== null) return;
    stretches[stretches.length - 1] = { from: last.from, to: Math.max(at, last.from) as Instant };
    this.#write();
  }

  /** The same heater again changes nothing. */
  heat(serial: string, heater: Heater): void {
    const heaters = (this.#kept.heaters[serial] ??= []);
    if (heaters.some((h) => h.from === heater.from && h.to === heater.to)) return;
    heaters.push(heater);
    this.#write();
  }

  lastCommandOf(serial: string): number {
    return this.#kept.commands?.[serial] ?? 0;
  }

  keepLastCommand(serial: string, sequence: number): void {
    (this.#kept.commands ??= {})[serial] = sequence;
    this.#write();
  }

  portOf(bus: string): number | null {
    return this.#kept.ports[bus] ?? null;
  }

  keepPort(bus: string, port: number): void {
    if (this.#kept.ports[bus] === port) return;
    this.#kept.ports[bus] = port;
    this.#write();
  }

  /** The devices' backlog is with the service up to here. */
  get uploadedTo(): Instant | null {
    return this.#kept.uploadedTo;
  }

  keepUploaded(to: Instant): void {
    if (this.#kept.uploadedTo !== null && this.#kept.uploadedTo >= to) return;
    this.#kept.uploadedTo = to;
    this.#write();
  }

  #write(): void {
    if (this.#file === null) return;
    const fresh = `${this.#file}.new`;
    try {
      writeFileSync(fresh, `${JSON.stringify(this.#kept, null, 1)}\n`);
      renameSync(fresh, this.#file);
    } catch (error) {
      this.#onError(error);
    }
  }
}

const mark = (set: Set<string>, serial: string, on: boolean): void => {
  if (on) set.add(serial);
  else set.delete(serial);
};

const NONE: readonly never[] = [];

function readKept(file: string): Kept | null {
  try {
    const kept = JSON.parse(readFileSync(file, "utf8")) as Kept;
    return typeof kept.seed === "number" && typeof kept.off === "object" && typeof kept.heaters === "object"
      ? kept
      : null;
  } catch {
    return null;
  }
}
