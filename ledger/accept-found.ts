import { sql, type Transaction } from "kysely";
import { choosable, type ProfileCandidate } from "../domain/found.ts";
import { type Instant, isoOf } from "../domain/instant.ts";
import { decimalText } from "../domain/quantity.ts";
import { type Nano, ratioText } from "../domain/ratio.ts";
import type { MeterId } from "../domain/reading.ts";
import type { Utility } from "../domain/unit.ts";
import type { Database } from "../schema/database.ts";
import type { Tables } from "../schema/tables.ts";
import type { Deed, LifeOutcome, LifeRefusal } from "./meter-event.ts";
import { exchangeMeter, installMeter, registerMeter } from "./meter-life.ts";
import type { Dials } from "./meter-stays.ts";
import { type FoundRow, standing, type TrayDecision, type TrayOutcome, writeDecision } from "./tray-decisions.ts";

/** What a clerk states of a device that becomes a meter. */
export type AcceptFound = {
  readonly serial: string;
  readonly utility: Utility;
  readonly profileId: string;
  readonly usagePointId: bigint;
  readonly installedAt: Instant;
  readonly ratio: Nano;
  /** Greatest feasible use per hour in the billed unit: decimal text. */
  readonly capacityPerHour: string;
  /** What its dials showed when it was hung. */
  readonly initial: Dials;
  /** The meter that hung there until then, and what it showed at the end. */
  readonly replaces?: { readonly meterId: MeterId; readonly final: Dials };
};

/** `names_no_key`: its messages name no device, and its client has a meter already. `wrong_profile`: another profile reads its messages. */
export type AcceptRefusal = LifeRefusal | "names_no_key" | "wrong_profile" | "has_wire";
export type AcceptOutcome =
  | TrayOutcome
  | { readonly kind: "refused"; readonly reason: AcceptRefusal; readonly detail: string };

/** Takes the transaction back with the reason in hand. */
class Refusal extends Error {
  readonly reason: AcceptRefusal;
  constructor(reason: AcceptRefusal, detail: string) {
    super(detail);
    this.reason = reason;
  }
}

/** A waiting device becomes a meter at a usage point: registered, hung or exchanged, and decided, in one transaction or not at all. */
export async function acceptFound(db: Database, decision: TrayDecision, accept: AcceptFound): Promise<AcceptOutcome> {
  try {
    return await db.as(decision.operatorId, (trx) => acceptIn(trx, decision, accept));
  } catch (error) {
    if (error instanceof Refusal) return { kind: "refused", reason: error.reason, detail: error.message };
    throw error;
  }
}

async function acceptIn(trx: Transaction<Tables>, decision: TrayDecision, accept: AcceptFound): Promise<TrayOutcome> {
  const request = requestOf(accept);
  const open = await standing(trx, decision, "accept", request, "waiting");
  if (open.kind !== "open") return open;
  const { device } = open;
  await checkProfile(trx, device, accept.profileId);
  const known = await meterWithoutWire(trx, accept);
  const meterId = known?.id ?? (await register(trx, decision, device, accept));
  if (known !== null) await putOnWire(trx, device, known.id, accept);
  await hang(trx, decision, meterId, accept);
  await widenClient(trx, device, accept.profileId);
  await trx
    .updateTable("found_device")
    .set({ state: "accepted", meter_id: meterId, replayed_at: null })
    .where("operator_id", "=", decision.operatorId)
    .where("id", "=", device.id)
    .execute();
  await writeDecision(trx, decision, "accept", request);
  return { kind: "done", meterId };
}

const dialsJson = (dials: Dials): Record<string, string> =>
  Object.fromEntries([...dials].map(([register, dial]) => [register, decimalText(dial)]));

const requestOf = (accept: AcceptFound): Record<string, unknown> => ({
  serial: accept.serial,
  utility: accept.utility,
  profileId: accept.profileId,
  usagePoint: String(accept.usagePointId),
  installedAt: isoOf(accept.installedAt),
  ratio: ratioText(accept.ratio),
  capacityPerHour: accept.capacityPerHour,
  initial: dialsJson(accept.initial),
  replaces:
    accept.replaces === undefined
      ? null
      : { meter: String(accept.replaces.meterId), final: dialsJson(accept.replaces.final) },
});

async function checkProfile(trx: Transaction<Tables>, device: FoundRow, profileId: string): Promise<void> {
  const { candidates } = await trx
    .selectFrom("found_device")
    .select("candidates")
    .where("operator_id", "=", sql<bigint>`sanbiao.operator_id()`)
    .where("id", "=", device.id)
    .executeTakeFirstOrThrow();
  const may: readonly ProfileCandidate[] = choosable(candidates);
  if (may.length === 0 || may.some((one) => one.profileId === profileId)) return;
  throw new Refusal("wrong_profile", `its messages are read by ${may.map((one) => one.profileId).join(" or ")}`);
}

const wireOf = (device: FoundRow, serial: string) => ({
  ...(device.bus_id === null ? {} : { busId: device.bus_id }),
  ...(device.unit_id === null ? {} : { unitId: device.unit_id }),
  ...(device.mqtt_client_id === null ? {} : { mqttClientId: device.mqtt_client_id }),
  // One that names no key is its client's only meter: any key will do.
  ...(device.device_key === null ? {} : { deviceKey: device.device_key || serial.toLowerCase() }),
});

/** A meter that stands in the register already, from a list of what was bought, and was never on a wire. */
async function meterWithoutWire(trx: Transaction<Tables>, accept: AcceptFound): Promise<{ id: MeterId } | null> {
  const row = await trx
    .selectFrom("meter")
    .select(["id", "utility", "bus_id", "mqtt_client_id"])
    .where("operator_id", "=", sql<bigint>`sanbiao.operator_id()`)
    .where("serial", "=", accept.serial)
    .forUpdate()
    .executeTakeFirst();
  if (row === undefined) return null;
  if (row.utility !== accept.utility)
    throw new Refusal("wrong_utility", `meter ${accept.serial} is registered for ${row.utility}`);
  if (row.bus_id !== null || row.mqtt_client_id !== null)
    throw new Refusal("has_wire", `meter ${accept.serial} is registered and has a wire already`);
  return { id: row.id };
}

async function register(
  trx: Transaction<Tables>,
  decision: TrayDecision,
  device: FoundRow,
  { serial, utility, profileId }: AcceptFound,
): Promise<MeterId> {
  await checkKey(trx, device);
  const meter = { serial, utility, profileId, ...wireOf(device, serial) };
  return settled(await registerMeter(trx, deedOf(decision, "register"), meter));
}

async function checkKey(trx: Transaction<Tables>, device: FoundRow): Promise<void> {
  if (device.device_key !== "" || device.mqtt_client_id === null) return;
  const other = await trx
    .selectFrom("meter")
    .select("serial")
    .where("operator_id", "=", sql<bigint>`sanbiao.operator_id()`)
    .where("mqtt_client_id", "=", device.mqtt_client_id)
    .executeTakeFirst();
  if (other !== undefined)
    throw new Refusal("names_no_key", `its messages name no device, and ${other.serial} is a meter of the same client`);
}

async function putOnWire(trx: Transaction<Tables>, device: FoundRow, id: MeterId, accept: AcceptFound): Promise<void> {
  await checkKey(trx, device);
  const { busId = null, unitId = null, mqttClientId = null, deviceKey = null } = wireOf(device, accept.serial);
  const { rows } = await sql<{ serial: string }>`
    select serial from meter where operator_id = sanbiao.operator_id() and id <> ${id}
       and ((bus_id = ${busId} and unit_id = ${unitId}) or (mqtt_client_id = ${mqttClientId} and device_key = ${deviceKey}))`.execute(
    trx,
  );
  if (rows[0] !== undefined) throw new Refusal("address_taken", `meter ${rows[0].serial} has this place on the wire`);
  await trx
    .updateTable("meter")
    .set({
      profile_id: accept.profileId,
      bus_id: busId,
      unit_id: unitId,
      mqtt_client_id: mqttClientId,
      device_key: deviceKey,
    })
    .where("operator_id", "=", sql<bigint>`sanbiao.operator_id()`)
    .where("id", "=", id)
    .execute();
}

/** A meter of the register that hangs at this point already only got its wire. */
async function hang(
  trx: Transaction<Tables>,
  decision: TrayDecision,
  meterId: MeterId,
  accept: AcceptFound,
): Promise<void> {
  const { usagePointId, installedAt: at, ratio, capacityPerHour, initial, replaces } = accept;
  if (await hangsAt(trx, meterId, usagePointId)) return;
  if (replaces === undefined) {
    const install = { meterId, usagePointId, at, ratio, capacityPerHour, initial };
    settled(await installMeter(trx, deedOf(decision, "install"), install));
    return;
  }
  if (!(await hangsAt(trx, replaces.meterId, usagePointId)))
    throw new Refusal("not_installed", `meter ${replaces.meterId} does not stand at usage point ${usagePointId}`);
  const exchange = {
    meterId: replaces.meterId,
    newMeterId: meterId,
    at,
    final: replaces.final,
    initial,
    ratio,
    capacityPerHour,
  };
  settled(await exchangeMeter(trx, deedOf(decision, "exchange"), exchange));
}

async function hangsAt(trx: Transaction<Tables>, meterId: MeterId, usagePointId: bigint): Promise<boolean> {
  const row = await trx
    .selectFrom("installation")
    .select("id")
    .where("operator_id", "=", sql<bigint>`sanbiao.operator_id()`)
    .where("meter_id", "=", meterId)
    .where("usage_point_id", "=", usagePointId)
    .where("removed_at", "is", null)
    .executeTakeFirst();
  return row !== undefined;
}

/** From now on the client's messages may be read by this profile, too. */
async function widenClient(trx: Transaction<Tables>, device: FoundRow, profileId: string): Promise<void> {
  if (device.mqtt_client_id === null) return;
  await sql`update mqtt_client set profile_ids = array_append(profile_ids, ${profileId})
    where operator_id = sanbiao.operator_id() and id = ${device.mqtt_client_id} and not (${profileId} = any(profile_ids))`.execute(
    trx,
  );
}

const deedOf = ({ foundId, reason, by, at }: TrayDecision, what: string): Deed => ({
  key: `tray/${foundId}/${what}`,
  reason: reason === "" ? "accepted from the tray" : reason,
  by,
  now: at,
});

function settled(outcome: LifeOutcome): MeterId {
  if (outcome.kind === "refused") throw new Refusal(outcome.reason, outcome.detail);
  if (outcome.kind === "different") throw new Error("this device was accepted before");
  return outcome.meterId;
}
