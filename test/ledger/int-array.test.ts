import type { Pool } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { IntArray, type IntKind } from "../../ledger/int-array.ts";
import { type FreshDatabase, freshDatabase, ownerPool } from "../support/database.ts";

let fresh: FreshDatabase;
let owner: Pool;
beforeAll(async () => {
  fresh = await freshDatabase();
  owner = ownerPool(fresh.ownerUrl);
});
afterAll(async () => {
  await owner.end();
  await fresh.drop();
});

function intArray(kind: IntKind, values: readonly (bigint | number | null)[]): Buffer {
  const array = new IntArray(kind);
  for (const value of values) array.push(value);
  return array.parameter;
}

const many = Array.from({ length: 5_000 }, (_, i) => (i % 7 === 0 ? null : BigInt(i) * -1_234_567_890_123n));

test.each<[IntKind, (bigint | number | null)[]]>([
  ["smallint", [-32_768, 0, 32_767, null]],
  ["integer", [-2_147_483_648, 2_147_483_647, null, 1n]],
  ["bigint", [-(2n ** 63n), 2n ** 63n - 1n, null, 0, 42]],
  ["bigint", many],
  ["bigint", []],
])("the server reads %s as they were", async (kind, values) => {
  const { rows } = await owner.query<{ texts: (string | null)[] }>(`select $1::${kind}[]::text[] as texts`, [
    intArray(kind, values),
  ]);
  expect(rows[0]?.texts).toEqual(values.map((value) => (value === null ? null : String(value))));
});

test.each<[IntKind, bigint | number]>([
  ["smallint", 32_768],
  ["integer", 2 ** 31],
  ["integer", 0.5],
  ["bigint", 2n ** 63n],
])("what is no %s is refused: %s", (kind, value) => {
  expect(() => intArray(kind, [value])).toThrow(RangeError);
});
