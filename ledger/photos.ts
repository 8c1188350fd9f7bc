import { createHash } from "node:crypto";
import { sql, type Transaction } from "kysely";
import type { Instant } from "../domain/instant.ts";
import type { OperatorId } from "../domain/reading.ts";
import { timestamptz } from "../schema/database.ts";
import type { Tables } from "../schema/tables.ts";

type Trx = Transaction<Tables>;

export const PHOTO_BYTES_MAX = 1_048_576;
/** A long day's walk: a photo of each of some hundred meters, several times over. Our choice. */
export const PHOTOS_PER_DAY_MAX = 2_000;

export type PhotoMime = "image/jpeg" | "image/png" | "image/webp";

/** What a file says that it is by its first bytes; `null` for anything that is not one of the three. */
export function mimeOf(bytes: Buffer): PhotoMime | null {
  const begins = (hex: string, at = 0) => bytes.subarray(at, at + hex.length / 2).toString("hex") === hex;
  if (begins("ffd8ff")) return "image/jpeg"; // ITU-T T.81: SOI and the next marker
  if (begins("89504e470d0a1a0a")) return "image/png"; // PNG specification, 5.2
  if (begins("52494646") && begins("57454250", 8)) return "image/webp"; // RIFF … WEBP
  return null;
}

export type NewPhoto = {
  readonly operatorId: OperatorId;
  readonly userId: bigint;
  readonly bytes: Buffer;
  readonly mime: PhotoMime;
  readonly takenAt: Instant | null;
  readonly receivedAt: Instant;
};

/** Keeps a photo by its content. `too_many`: this user sent a day's most already. */
export async function keepPhoto(
  trx: Trx,
  photo: NewPhoto,
): Promise<{ kind: "kept" | "already" | "too_many"; sha256: Buffer }> {
  const sha256 = createHash("sha256").update(photo.bytes).digest();
  const { rows } = await sql<{ known: boolean; today: bigint }>`
    select exists (select 1 from sanbiao.photo where operator_id = ${photo.operatorId} and sha256 = ${sha256}) as known,
           (select count(*) from sanbiao.photo where operator_id = ${photo.operatorId} and user_id = ${photo.userId}
               and received_at > ${timestamptz(photo.receivedAt)}::timestamptz - interval '1 day') as today`.execute(
    trx,
  );
  if (rows[0]?.known === true) return { kind: "already", sha256 };
  if ((rows[0]?.today ?? 0n) >= BigInt(PHOTOS_PER_DAY_MAX)) return { kind: "too_many", sha256 };
  const kept = await trx
    .insertInto("photo")
    .values({
      operator_id: photo.operatorId,
      sha256,
      mime: photo.mime,
      bytes: photo.bytes,
      taken_at: photo.takenAt === null ? null : timestamptz(photo.takenAt),
      received_at: timestamptz(photo.receivedAt),
      user_id: photo.userId,
    })
    .onConflict((conflict) => conflict.columns(["operator_id", "sha256"]).doNothing())
    .executeTakeFirst();
  return { kind: kept.numInsertedOrUpdatedRows === 1n ? "kept" : "already", sha256 };
}

/** `null` when this operator has none of that content. */
export async function photoOf(
  trx: Trx,
  operatorId: OperatorId,
  sha256: Buffer,
): Promise<{ mime: PhotoMime; bytes: Buffer } | null> {
  const row = await trx
    .selectFrom("photo")
    .select(["mime", "bytes"])
    .where("operator_id", "=", operatorId)
    .where("sha256", "=", sha256)
    .executeTakeFirst();
  return row ?? null;
}
