import type { Instant } from "../domain/instant.ts";
import type { MeterId } from "../domain/reading.ts";
import type { EditSays, ReadingEdit } from "../domain/reading-edit.ts";
import type { RegisterName } from "../domain/register.ts";
import type { BookedReading } from "./usage.ts";

/** What clerks and estimates say about one register, by instant. */
type Edited = Map<Instant, { clerk?: EditSays; estimate?: EditSays }>;

/** The entries that count, by meter and register; those that were undone are not there. */
export class EditBook {
  readonly #byRegister = new Map<string, Edited>();

  constructor(edits: readonly ReadingEdit[]) {
    for (const { meterId, register, at, origin, says } of edits) {
      if (says.kind === "restore") continue;
      const key = keyOf(meterId, register);
      let edited = this.#byRegister.get(key);
      if (edited === undefined) this.#byRegister.set(key, (edited = new Map()));
      edited.set(at, { ...edited.get(at), [origin]: says });
    }
  }

  isEdited(meterId: MeterId, register: RegisterName): boolean {
    return this.#byRegister.has(keyOf(meterId, register));
  }

  /** Whether the book's own value at this instant does not count. */
  isPassedOver({ meterId, register, at }: Pick<BookedReading, "meterId" | "register" | "at">): boolean {
    return this.#byRegister.get(keyOf(meterId, register))?.get(at)?.clerk !== undefined;
  }

  /** Instants at which the book's own value does not count. */
  passedOver(meterId: MeterId, register: RegisterName): Instant[] {
    const edited = this.#byRegister.get(keyOf(meterId, register)) ?? [];
    return [...edited].filter(([, { clerk }]) => clerk !== undefined).map(([at]) => at);
  }

  /**
   * The values that stand in for the book, in order of time. An estimate steps back where `booked` has a reading of the
   * same instant that counts.
   */
  valuesOf(meterId: MeterId, register: RegisterName, booked: (at: Instant) => boolean): BookedReading[] {
    const edited = this.#byRegister.get(keyOf(meterId, register)) ?? [];
    return [...edited].flatMap(([at, { clerk, estimate }]): BookedReading[] => {
      if (clerk?.kind === "value") return [readingOf(meterId, register, at, clerk)];
      if (estimate?.kind !== "value" || (clerk === undefined && booked(at))) return [];
      return [readingOf(meterId, register, at, estimate)];
    });
  }
}

const keyOf = (meterId: MeterId, register: RegisterName): string => `${meterId} ${register}`;

const readingOf = (
  meterId: MeterId,
  register: RegisterName,
  at: Instant,
  says: Extract<EditSays, { kind: "value" }>,
): BookedReading => ({
  meterId,
  register,
  at,
  value: says.value,
  source: says.source,
  ...(says.source === "estimate" ? { method: says.method, basis: says.basis } : {}),
});

/** Readings with the entries applied: none that is passed over, values where they stand in. In no order. Pure. */
export function validated(
  readings: readonly BookedReading[],
  registers: readonly { readonly meterId: MeterId; readonly register: RegisterName }[],
  edits: EditBook,
): BookedReading[] {
  const edited = registers.filter(({ meterId, register }) => edits.isEdited(meterId, register));
  if (edited.length === 0) return [...readings];
  const kept = readings.filter((reading) => !edits.isPassedOver(reading));
  const booked = new Set(kept.map(({ meterId, register, at }) => `${meterId} ${register} ${at}`));
  const values = edited.flatMap(({ meterId, register }) =>
    edits.valuesOf(meterId, register, (at) => booked.has(`${meterId} ${register} ${at}`)),
  );
  return [...kept, ...values];
}
