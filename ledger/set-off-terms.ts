import { sql, type Transaction } from "kysely";
import { type Instant, isoOf } from "../domain/instant.ts";
import type { SetOffRule } from "../domain/set-off.ts";
import type { Tables } from "../schema/tables.ts";
import type { Noted } from "./topology.ts";

type Trx = Transaction<Tables>;

/** `source`: the contract or notice in which it is agreed. */
export type SetOffTerms = { readonly rule: SetOffRule; readonly source: string };
export type SetOffWord = SetOffTerms & { readonly notedAt: Instant; readonly notedBy: string | null };

/** Everything that was said, the last word first: that one counts. */
export async function readSetOffWords(trx: Trx): Promise<SetOffWord[]> {
  const { rows } = await sql<SetOffWord>`
    select s.rule, s.source, s.noted_at as "notedAt", u.name as "notedBy"
      from sanbiao.set_off_terms s left join sanbiao.app_user u on u.operator_id = s.operator_id and u.id = s.noted_by
     where s.operator_id = sanbiao.operator_id() order by s.id desc`.execute(trx);
  return rows;
}

/** Without a word it is off. */
export async function readSetOffRule(trx: Trx): Promise<SetOffRule> {
  return (await readSetOffWords(trx))[0]?.rule ?? "off";
}

/** What holds for move-outs from now on. The same again is `already`. */
export async function noteSetOffTerms(
  trx: Trx,
  { rule, source }: SetOffTerms,
  { at, by }: Noted,
): Promise<"noted" | "already"> {
  await sql`select pg_advisory_xact_lock(hashtext('sanbiao.set_off/' || sanbiao.operator_id()))`.execute(trx);
  const last = (await readSetOffWords(trx))[0];
  if (last?.rule === rule && last.source === source) return "already";
  await sql`
    insert into sanbiao.set_off_terms (operator_id, rule, source, noted_at, noted_by)
    values (sanbiao.operator_id(), ${rule}, ${source}, ${isoOf(at)}::timestamptz, ${by})`.execute(trx);
  return "noted";
}
