import { sql } from "kysely";
import type { Database } from "../schema/database.ts";
import { hashPassword } from "./password.ts";
import type { DemoUserJson, Role } from "./schemas/session.ts";

type Operator = {
  operator_id: bigint;
  code: string;
  kind: "estate" | "supply_station";
  name_zh: string;
  name_en: string;
};
type Wanted = { login: string; role: Role; name: string };

/**
 * The demo's users. Their passwords are fixed and public on purpose: the start page shows them, and outside demo mode
 * nobody can sign in with a user marked `demo`.
 */
const USERS: Record<Operator["kind"], readonly Wanted[]> = {
  estate: [
    { login: "estate", role: "manager", name: "王经理 Manager Wang" },
    { login: "clerk", role: "clerk", name: "李收费员 Clerk Li" },
    { login: "reader", role: "reader", name: "赵抄表员 Reader Zhao" },
  ],
  supply_station: [
    { login: "station", role: "manager", name: "陈站长 Station Master Chen" },
    { login: "station-clerk", role: "clerk", name: "周收费员 Clerk Zhou" },
  ],
};

/** Creates the demo's users where they are missing and answers all of them, as the start page shows them. Safe to repeat. */
export async function ensureDemoUsers(db: Database): Promise<DemoUserJson[]> {
  const operators = await sql<Operator>`select * from operators()`.execute(db.kysely);
  const seen = new Set<string>();
  const users: DemoUserJson[] = [];
  for (const operator of operators.rows) {
    for (const wanted of USERS[operator.kind]) {
      const login = seen.has(wanted.login) ? `${wanted.login}-${operator.code}` : wanted.login;
      seen.add(login);
      const password = `${login}-demo`;
      if (await ensureUser(db, operator, { ...wanted, login }, password)) {
        users.push({ login, password, role: wanted.role, operatorZh: operator.name_zh, operatorEn: operator.name_en });
      }
    }
  }
  return users;
}

/** Whether the login is this operator's demo user, made now or before. A real user of the same name is left alone. */
async function ensureUser(db: Database, operator: Operator, user: Wanted, password: string): Promise<boolean> {
  const taken = await sql<{ operator_id: bigint; demo: boolean }>`
    select operator_id, demo from user_of_login(${user.login})`.execute(db.kysely);
  const there = taken.rows[0];
  if (there !== undefined) return there.demo && there.operator_id === operator.operator_id;
  const password_hash = await hashPassword(password);
  await db.as(operator.operator_id, (trx) =>
    trx
      .insertInto("app_user")
      .values({ operator_id: operator.operator_id, ...user, password_hash, demo: true })
      .onConflict((conflict) => conflict.column("login").doNothing())
      .execute(),
  );
  return true;
}
