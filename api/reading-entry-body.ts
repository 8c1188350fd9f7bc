import { instantOfIso } from "../domain/instant.ts";
import { microOf } from "../domain/quantity.ts";
import { isRegisterName, type RegisterName } from "../domain/register.ts";
import { type ManualEntry, SKIP_REASONS, type SkipReason } from "../ledger/manual-readings.ts";
import type { AnswerJson, EntryBody } from "./schemas/reading-route.ts";

export type Refusal = NonNullable<AnswerJson["reason"]>;
/** An entry before anyone knows the meter: `null` is the register that its utility is billed by. */
export type ParsedEntry = Omit<ManualEntry, "register"> & { readonly register: RegisterName | null };

const ENTRY_ID = /^[\x21-\x7e]{8,100}$/; // as an Idempotency-Key
const DIAL_VALUE = /^\d{1,10}(\.\d{1,6})?$/;
const METER_ID = /^[1-9]\d{0,17}$/;
const PHOTO = /^[0-9a-f]{64}$/;

const isSkipReason = (text: string): text is SkipReason => (SKIP_REASONS as readonly string[]).includes(text);

/** What can be told of an entry without looking anything up. */
export function entryOf(body: EntryBody, routeId: bigint | null): ParsedEntry | Refusal {
  const { id: entryId, meterId, register = null, note } = body;
  const [value, skip, photo] = [body.value ?? null, body.skip ?? null, body.photo ?? null];
  const phoneAt = instantOfIso(body.measuredAt);
  if (!ENTRY_ID.test(entryId)) return "bad_id";
  if (!METER_ID.test(meterId)) return "unknown_meter";
  if (register !== null && !isRegisterName(register)) return "bad_register";
  if (phoneAt === null) return "bad_time";
  if (photo !== null && !PHOTO.test(photo)) return "unknown_photo";
  if (skip !== null && !isSkipReason(skip)) return "bad_skip";
  if ((value === null) === (skip === null)) return "bad_value";
  const dialValue = value !== null && DIAL_VALUE.test(value) ? microOf(value) : null;
  if (value !== null && dialValue === null) return "bad_value";
  return {
    entryId,
    routeId,
    meterId: BigInt(meterId),
    register,
    dialValue,
    skip,
    phoneAt,
    note: note.trim(),
    photo: photo === null ? null : Buffer.from(photo, "hex"),
  };
}
