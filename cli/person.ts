import { sql, type Transaction } from "kysely";
import { CodedError } from "../domain/errors.ts";
import type { Tables } from "../schema/tables.ts";

/**
 * The user in whose name a command notes something: as over HTTP, a clerk or a manager.
 * @throws CodedError `request.not-found` (nobody, or no more), `auth.forbidden` (a reader)
 */
export async function clerkNamed(trx: Transaction<Tables>, login: string): Promise<bigint> {
  const { rows } = await sql<{ id: bigint; role: string }>`
    select id, role from sanbiao.app_user
     where operator_id = sanbiao.operator_id() and login = ${login} and disabled_at is null`.execute(trx);
  const user = rows[0];
  if (user === undefined) throw new CodedError("request.not-found", `This operator has no user ${login}.`);
  if (user.role === "reader")
    throw new CodedError("auth.forbidden", `This needs the role clerk; ${login} is a reader.`);
  return user.id;
}
