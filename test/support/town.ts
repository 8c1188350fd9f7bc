import type { Pool } from "pg";
import type { RegisterName } from "../../domain/register.ts";
import { REGISTERS } from "../../domain/register.ts";

/** A few rows that a ledger or billing test needs, written by the owner. One method per noun; ids come back. */
export class SmallTown {
  readonly owner: Pool;
  readonly operatorId: bigint;
  private constructor(owner: Pool, operatorId: bigint) {
    this.owner = owner;
    this.operatorId = operatorId;
  }

  static async found(owner: Pool, code = "town", kind: "estate" | "supply_station" = "estate"): Promise<SmallTown> {
    const { rows } = await owner.query<{ operator_id: bigint }>(
      "insert into operator (code, kind, name_zh, name_en) values ($1, $2, '小镇', 'Town') returning operator_id",
      [code, kind],
    );
    return new SmallTown(owner, rows[0]?.operator_id ?? 0n);
  }

  async account(number: string, mode: "postpaid" | "prepaid" = "postpaid", openedOn = "2026-01-01"): Promise<bigint> {
    return this.#insert("account", { number, name: number, payment_mode: mode, opened_on: openedOn });
  }

  /** Usage point, meter, installation and agreement at once. */
  async supply(options: {
    account: bigint;
    utility?: "electricity" | "gas" | "water";
    tariff: string;
    from: string;
    installedAt?: string;
    serial?: string;
    capacity?: string;
  }): Promise<{ meter: bigint; point: bigint }> {
    const { account, utility = "electricity", tariff, from } = options;
    const point = await this.#insert("usage_point", { utility, building: "1", room: String(account) });
    const meter = await this.meter(options.serial ?? `${utility}-${account}`, utility);
    await this.install(meter, point, options.installedAt ?? `${from}T00:00:00+08:00`, options.capacity);
    await this.#insert("agreement", { account_id: account, usage_point_id: point, tariff_id: tariff, from_day: from });
    return { meter, point };
  }

  meter = (serial: string, utility = "electricity"): Promise<bigint> =>
    this.#insert("meter", { serial, utility, profile_id: "test-profile" });

  install = (meter: bigint, point: bigint, at: string, capacity = "10"): Promise<bigint> =>
    this.#insert("installation", {
      meter_id: meter,
      usage_point_id: point,
      installed_at: at,
      capacity_per_hour: capacity,
    });

  prepaid = (account: bigint, meter: bigint, policy: string, reported = "connected"): Promise<void> =>
    this.#run(
      "insert into supply (operator_id, account_id, meter_id, policy_id, reported) values ($1, $2, $3, $4, $5)",
      [account, meter, policy, reported],
    );

  /** `[instant, value in units]` pairs of one register; months are made as needed. */
  async readings(
    meter: bigint,
    register: RegisterName,
    points: readonly (readonly [string, number])[],
    source = 1,
  ): Promise<void> {
    for (const [at] of points) await this.owner.query("select ensure_reading_months($1, $1)", [at]);
    await this.#run(
      `insert into reading (operator_id, meter_id, register, measured_at, received_at, value, source)
       select $1, $2, $3, at, at, round(v * 1000000), $6 from unnest($4::timestamptz[], $5::numeric[]) as u (at, v)`,
      [meter, REGISTERS[register].code, points.map(([at]) => at), points.map(([, value]) => value), source],
    );
  }

  async #insert(table: string, row: Record<string, unknown>): Promise<bigint> {
    const names = Object.keys(row);
    const places = names.map((_, i) => `$${i + 2}`).join(", ");
    const { rows } = await this.owner.query<{ id: bigint }>(
      `insert into ${table} (operator_id, ${names.join(", ")}) values ($1, ${places}) returning id`,
      [this.operatorId, ...Object.values(row)],
    );
    return rows[0]?.id ?? 0n;
  }

  async #run(text: string, values: unknown[]): Promise<void> {
    await this.owner.query(text, [this.operatorId, ...values]);
  }
}
