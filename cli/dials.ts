import { InvalidArgumentError } from "commander";
import { sql, type Transaction } from "kysely";
import type { DialRead } from "../api/boundary-readings.ts";
import { CodedError } from "../domain/errors.ts";
import type { Tables } from "../schema/tables.ts";
import { arrayText } from "../ledger/bulk-insert.ts";

export type DialWord = { readonly serial: string; readonly register?: string; readonly value: string };

/** `64010101=871.5`, or `64010101/energy_export_kwh=12`; collects. @throws InvalidArgumentError */
export function dialText(text: string, before: readonly DialWord[]): DialWord[] {
  const parts = /^([^=/]+)(?:\/([a-z0-9_]+))?=(\d{1,10}(?:\.\d{1,6})?)$/.exec(text);
  const [, serial = "", register, value = ""] = parts ?? [];
  if (parts === null) throw new InvalidArgumentError("A reading is written SERIAL=VALUE, as 64010101=871.5.");
  if (before.some((one) => one.serial === serial && one.register === register))
    throw new InvalidArgumentError(`Meter ${serial} is read twice.`);
  return [...before, { serial, value, ...(register === undefined ? {} : { register }) }];
}

/** The same with the meters' ids. @throws CodedError `request.not-found` */
export async function dialsOf(
  trx: Transaction<Tables>,
  words: readonly DialWord[],
  confirmed: readonly string[],
): Promise<DialRead[]> {
  if (words.length === 0) return [];
  const { rows } = await sql<{ id: bigint; serial: string }>`
    select id, serial from sanbiao.meter
     where operator_id = sanbiao.operator_id() and serial = any(${arrayText(words.map((one) => one.serial))}::text[])`.execute(
    trx,
  );
  const ids = new Map(rows.map(({ id, serial }) => [serial, id]));
  return words.map(({ serial, ...read }) => {
    const id = ids.get(serial);
    if (id === undefined) throw new CodedError("request.not-found", `There is no meter ${serial}.`);
    return { ...read, meterId: String(id), confirmed: confirmed.includes(serial) };
  });
}
