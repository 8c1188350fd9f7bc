import type { SmallTown } from "./town.ts";

const MAIN = { electricity: "energy_import_kwh", gas: "volume_m3", water: "volume_m3" } as const;

/** A master, or a meter of the building itself, with its readings. */
export async function hang(
  town: SmallTown,
  options: {
    serial: string;
    role?: "master" | "customer";
    utility?: "electricity" | "gas" | "water";
    building?: string;
    at: string;
    points: readonly (readonly [string, number])[];
  },
): Promise<{ meter: bigint; point: bigint }> {
  const { serial, role = "master", utility = "electricity", building = "1", at, points } = options;
  const { rows } = await town.owner.query<{ id: bigint }>(
    "insert into usage_point (operator_id, utility, building, role) values ($1, $2, $3, $4) returning id",
    [town.operatorId, utility, building, role],
  );
  const point = rows[0]?.id ?? 0n;
  const meter = await town.meter(serial, utility);
  await town.install(meter, point, at, "1000");
  await town.readings(meter, MAIN[utility], points);
  return { meter, point };
}
