import { dialOf } from "../catalog/meters/dials.ts";
import type { Instant } from "../domain/instant.ts";
import { decimalText, type Micro } from "../domain/quantity.ts";
import { REGISTERS, type RegisterName } from "../domain/register.ts";
import { BILLED_UNIT } from "../domain/unit.ts";
import {
  bookManual,
  bookOfDial,
  conflictAt,
  dialOfBook,
  differingTwin,
  type HandMeter,
  isSameEntry,
  type KeepEntry,
  keepEntry,
  lockEntry,
  lockMeter,
  type ManualEntry,
} from "../ledger/manual-readings.ts";
import { photoOf } from "../ledger/photos.ts";
import { isExpected } from "../metering/expected-range.ts";
import { MAIN_REGISTER } from "../metering/register.ts";
import { atText, type Desk } from "./desk.ts";
import { expectations, expectedJson } from "./queries/expected.ts";
import { entryJson } from "./queries/reading-entries.ts";
import { momentOf } from "./reading-clock.ts";
import { entryOf } from "./reading-entry-body.ts";
import type { AnswerJson, EntryBody } from "./schemas/reading-route.ts";

/** Who sends, and what his phone's clock says as he does. */
export type Sender = {
  readonly userId: bigint;
  readonly routeId: bigint | null;
  readonly phoneNow: Instant;
};

/** An entry about a meter that is there, under its lock. */
type Standing = {
  readonly by: Sender;
  readonly entry: ManualEntry;
  readonly meter: HandMeter;
  readonly register: RegisterName;
  readonly at: Instant;
};

type Told = Omit<AnswerJson, "id">;
const told = (outcome: AnswerJson["outcome"], more: Partial<Told> = {}): Told => ({
  outcome,
  reason: null,
  expected: null,
  entry: null,
  booked: null,
  ...more,
});
const refused = (reason: NonNullable<AnswerJson["reason"]>): Told => told("refused", { reason });

/** Books one entry in the desk's transaction, or says why not. Only what is accepted, or a conflict, is written. */
export async function enter(desk: Desk, by: Sender, body: EntryBody): Promise<AnswerJson> {
  return { id: body.id, ...(await answerOf(desk, by, body)) };
}

async function answerOf(desk: Desk, by: Sender, body: EntryBody): Promise<Told> {
  const { trx, operatorId } = desk;
  const parsed = entryOf(body, by.routeId);
  if (typeof parsed === "string") return refused(parsed);
  const before = await lockEntry(trx, operatorId, parsed.entryId);
  const at = before?.measured_at ?? momentOf(parsed.phoneAt, { phoneNow: by.phoneNow, now: desk.now });
  if (typeof at === "string") return refused(at);
  const meter = await lockMeter(trx, operatorId, parsed.meterId, at);
  if (meter === null) return refused("unknown_meter");
  const register = parsed.register ?? MAIN_REGISTER[meter.utility];
  const { kind, unit, code } = REGISTERS[register];
  if (kind !== "cumulative" || unit !== BILLED_UNIT[meter.utility]) return refused("bad_register");
  const entry = { ...parsed, register: code };
  if (before !== null)
    return told(isSameEntry(before, entry) ? "already" : "different", { entry: entryJson(desk, before) });
  if (entry.photo !== null && (await photoOf(trx, operatorId, entry.photo)) === null) return refused("unknown_photo");
  const standing = { by, entry, meter, register, at };
  return entry.dialValue === null ? skip(desk, standing) : book(desk, standing, entry.dialValue, body.confirmed);
}

async function skip(desk: Desk, standing: Standing): Promise<Told> {
  const nothing = { bookValue: null, expected: null, outsideConfirmed: false, bookedAt: standing.at };
  return told("accepted", { entry: await keep(desk, standing, { ...nothing, outcome: "skipped" }) });
}

async function book(desk: Desk, standing: Standing, dialValue: Micro, confirmed: boolean): Promise<Told> {
  const { entry, meter, register, at } = standing;
  const { trx, operatorId, now } = desk;
  if (meter.stay === null) return refused("not_installed");
  const dialMax = dialOf(meter.profileId, register);
  if (dialMax !== null && dialValue >= dialMax) return refused("beyond_dial");
  const [expectation] = await expectations(desk, [{ meter, register, at }]);
  if (expectation === undefined) throw new Error("one expectation was asked for");
  const expected = expectedJson(desk, expectation.range);
  const outside = !isExpected(expectation.range, dialValue);
  if (outside && (!confirmed || entry.note === "")) return told("outside", { expected });
  const bookValue = bookOfDial(dialValue, meter, at, now);
  const reading = { operatorId, meterId: meter.meterId, register: entry.register, value: bookValue, receivedAt: now };
  const twin = await differingTwin(trx, { ...reading, at, dialValue });
  // Another reader's value of the same moment stands in the book: this one is laid beside it, where the book keeps conflicts.
  const bookedAt = twin?.at ?? at;
  const outcome = await bookManual(trx, { ...reading, at: bookedAt });
  const kept = { bookValue, expected, outsideConfirmed: outside, bookedAt };
  if (outcome !== "conflict")
    return told("accepted", { entry: await keep(desk, standing, { ...kept, outcome: "booked" }), expected });
  const mine = await keep(desk, standing, { ...kept, outcome: "conflict" });
  const theirs = twin?.dialValue ?? dialOfBook(await conflictAt(trx, { ...reading, at: bookedAt }), meter, bookedAt);
  const booked = { value: decimalText(theirs), at: atText(desk, bookedAt), by: twin?.by ?? null };
  return told("conflict", { entry: mine, expected, booked });
}

type Result = Pick<KeepEntry, "bookValue" | "expected" | "outsideConfirmed" | "outcome" | "bookedAt">;

async function keep(desk: Desk, { by, entry, at }: Standing, result: Result): Promise<AnswerJson["entry"]> {
  const row = await keepEntry(desk.trx, {
    ...result,
    operatorId: desk.operatorId,
    userId: by.userId,
    entry,
    clockOffsetMs: desk.now - by.phoneNow,
    measuredAt: at,
    receivedAt: desk.now,
  });
  return entryJson(desk, row);
}
