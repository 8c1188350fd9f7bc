import { sql } from "kysely";
import type { Logger } from "pino";
import type { FoundFrame } from "../domain/found.ts";
import { type Clock, instant, type Instant, isoOf } from "../domain/instant.ts";
import type { OperatorId, Sample } from "../domain/reading.ts";
import type { RegisterName } from "../domain/register.ts";
import { adoptFound } from "../ledger/tray-decisions.ts";
import type { Database } from "../schema/database.ts";
import type { ClientEntry, Directory } from "./directory.ts";
import type { MqttIngest, Taken, Verdict } from "./mqtt/ingest.ts";

/** What came out of the frames that were kept while the device waited. */
export type Replayed = { readonly frames: number; readonly readings: number };

export type ReplaySettings = {
  readonly db: Database;
  readonly directory: Directory;
  readonly ingest: Pick<MqttIngest, "replay">;
  readonly clock: Clock;
  readonly log: Logger;
};

type Device = {
  id: bigint;
  username: string | null;
  device_key: string | null;
  frames: number;
  replayed_readings: number | null;
};
type FrameRow = {
  seq: number;
  received_at: Instant;
  address: string;
  payload: Buffer;
  samples: [string, string, number | null][] | null;
};

const PAGE = 200; // frames read at once; each is booked before the next page

/**
 * Brings the kept frames of accepted devices into the readings book. May be killed and called again at any moment: a frame leaves the
 * tray only when it is in the book, and a reading that the book holds already is not written twice.
 */
export function replays({ db, directory, ingest, clock, log }: ReplaySettings) {
  let turn: Promise<unknown> = Promise.resolve();

  /** One after the other: two replays of one device would count each other's readings. */
  function run(operatorId: OperatorId): Promise<ReadonlyMap<bigint, Replayed>> {
    const mine = turn.then(() => runNow(operatorId));
    turn = mine.catch(() => undefined);
    return mine;
  }

  async function runNow(operatorId: OperatorId): Promise<ReadonlyMap<bigint, Replayed>> {
    await directory.refresh();
    const done = new Map<bigint, Replayed>();
    for (const device of await accepted(operatorId)) {
      const replayed = await replayDevice(operatorId, device);
      done.set(device.id, replayed);
      log.info({ found: String(device.id), ...replayed }, "the frames of an accepted device were replayed");
    }
    return done;
  }

  const accepted = (operatorId: OperatorId): Promise<readonly Device[]> =>
    db.as(operatorId, async (trx) => {
      await adoptFound(trx, { operatorId, now: clock.now(), by: null, reason: "registered as a meter" });
      const { rows } = await sql<Device>`
        select f.id, c.username, f.device_key, f.frames, f.replayed_readings from found_device f
          left join mqtt_client c on c.operator_id = f.operator_id and c.id = f.mqtt_client_id
         where f.operator_id = ${operatorId} and f.state = 'accepted' and f.replayed_at is null order by f.id`.execute(
        trx,
      );
      return rows;
    });

  async function replayDevice(operatorId: OperatorId, device: Device): Promise<Replayed> {
    const source = device.username === null ? undefined : directory.client(device.username);
    let frames = 0;
    let readings = 0;
    for (let seq = 0; source !== undefined; ) {
      const page = await framesAfter(operatorId, device.id, seq);
      for (const row of page) readings += await replayFrame(source, device.device_key ?? "", row);
      frames += page.length;
      seq = page.at(-1)?.seq ?? seq;
      if (page.length < PAGE) break;
    }
    await finish(operatorId, device, readings);
    return { frames, readings };
  }

  const framesAfter = (operatorId: OperatorId, id: bigint, seq: number): Promise<readonly FrameRow[]> =>
    db.as(operatorId, async (trx) => {
      const { rows } = await sql<FrameRow>`
        select seq, received_at, address, payload, samples from found_frame
         where operator_id = ${operatorId} and found_device_id = ${id} and seq > ${seq} order by seq limit ${PAGE}`.execute(
        trx,
      );
      return rows;
    });

  async function replayFrame(source: ClientEntry, deviceKey: string, row: FrameRow): Promise<number> {
    const [verdict, taken] = await new Promise<[Verdict, Taken]>((resolve) =>
      ingest.replay(source, frameOf(row), deviceKey, (...settled) => resolve(settled)),
    );
    if (verdict === "unavailable") throw new Error("the book does not take readings now: the replay goes on later");
    return taken.outcomes.filter((outcome) => outcome === "accepted").length;
  }

  /** What came meanwhile is left for the next replay. */
  const finish = (operatorId: OperatorId, { id, frames }: Device, readings: number): Promise<void> =>
    db.as(operatorId, async (trx) => {
      await sql`select id from found_device where operator_id = ${operatorId} and id = ${id} for update`.execute(trx);
      await sql`delete from found_frame where operator_id = ${operatorId} and found_device_id = ${id} and seq <= ${frames}`.execute(
        trx,
      );
      await sql`
        update found_device set replayed_readings = coalesce(replayed_readings, 0) + ${readings},
               replayed_at = case when frames = ${frames} then ${isoOf(clock.now())}::timestamptz end
         where operator_id = ${operatorId} and id = ${id}`.execute(trx);
    });

  return {
    run,
    /** After a start: what a killed process left. */
    async runAll(operators: Iterable<OperatorId>): Promise<void> {
      for (const operatorId of operators)
        await run(operatorId).catch((err: unknown) => log.warn({ err }, "a replay waits for its next occasion"));
    },
  };
}

const frameOf = ({ received_at, address, payload, samples }: FrameRow): FoundFrame => ({
  receivedAt: received_at,
  address,
  payload,
  samples:
    samples?.map(
      ([register, value, measuredAt]): Sample => ({
        register: register as RegisterName,
        value: BigInt(value),
        measuredAt: measuredAt === null ? null : instant(measuredAt),
      }),
    ) ?? null,
});
