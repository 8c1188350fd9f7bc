import { expect, test } from "vitest";
import { hashDevicePassword } from "../../broker/password.ts";
import { billDepsOf } from "../../billing/main.ts";
import { runBills } from "../../billing/run.ts";
import { HOUR_MS, instant, isoOf } from "../../domain/instant.ts";
import { day, periodOfDays } from "../../domain/period.ts";
import { noTelemetry } from "../../domain/telemetry.ts";
import { verify } from "../../ledger/verify/verify.ts";
import { chance as chanceOf } from "../../simulators/town/random.ts";
import { type FreshDatabase, freshDatabase, ownerPool } from "../support/database.ts";
import { PASSWORD, publish, quiet, signedIn, type Stack, startStack } from "../support/mqtt.ts";
import { SmallTown } from "../support/town.ts";

const MAY = periodOfDays(day("2026-05-01"), day("2026-06-01"), "Asia/Shanghai");
const SEED = 20260501;
/** One number after the other, the same for a seed. */
const generator = (seed: number): (() => number) => {
  let n = 0;
  return () => chanceOf(seed, n++);
};
const FLATS = 2;
const WINDOW = 100;

type Message = { readonly topic: string; readonly payload: string };

/**
 * What two flats' devices say from a day before May to a day after it: electricity by the hour with its two rates, water
 * each three hours, gas each six. One register falls to zero for a moment and comes back, one device is silent for two days.
 */
function monthOf(): Message[] {
  const chance = generator(SEED);
  const messages: Message[] = [];
  for (let flat = 1; flat <= FLATS; flat++)
    for (const [utility, hours] of [
      ["electricity", 1],
      ["water", 3],
      ["gas", 6],
    ] as const) {
      let [total, peak] = [1000 * flat, 600 * flat];
      for (let ms = MAY.from - 24 * HOUR_MS; ms <= MAY.to + 24 * HOUR_MS; ms += hours * HOUR_MS) {
        const use = Math.round(chance() * (utility === "electricity" ? 900 : 120) * hours) / 1000;
        total += use;
        if (new Date(ms + 8 * HOUR_MS).getUTCHours() >= 8) peak += use;
        const hour = (ms - MAY.from) / HOUR_MS;
        if (flat === 2 && hour > 200 && hour < 248) continue;
        const glitch = flat === 1 && utility === "water" && hour === 99;
        const at = { t: isoOf(instant(ms)) };
        const values =
          utility === "electricity"
            ? {
                energy_import_kwh: total.toFixed(3),
                energy_import_peak_kwh: peak.toFixed(3),
                energy_import_valley_kwh: (total - peak).toFixed(3),
              }
            : { volume_m3: glitch ? "0" : total.toFixed(3) };
        messages.push({
          topic: `sanbiao/v1/${utility}-${flat}/readings`,
          payload: JSON.stringify({ ...at, ...values }),
        });
      }
    }
  return messages;
}

/** The same flats in a database of their own; ids are the same, too. */
async function flatsIn(fresh: FreshDatabase): Promise<bigint> {
  const owner = ownerPool(fresh.ownerUrl);
  const town = await SmallTown.found(owner);
  const { rows } = await owner.query<{ id: bigint }>(
    `insert into mqtt_client (operator_id, username, password_hash, publish_filters, profile_ids)
     values ($1, 'gateway', $2, '{sanbiao/v1/#}', '{sanbiao-json}') returning id`,
    [town.operatorId, await hashDevicePassword(PASSWORD)],
  );
  const tariffs = {
    electricity: "zhejiang.electricity.residential_tou",
    water: "ningbo.water.residential",
    gas: "ningbo.gas.residential",
  } as const;
  for (let flat = 1; flat <= FLATS; flat++) {
    const account = await town.account(`flat-${flat}`);
    for (const [utility, tariff] of Object.entries(tariffs) as [keyof typeof tariffs, string][]) {
      const { meter } = await town.supply({ account, utility, tariff, from: "2026-04-01" });
      await owner.query(
        "update meter set profile_id = 'sanbiao-json', mqtt_client_id = $1, device_key = $2, report_every_s = 3600 where id = $3",
        [rows[0]?.id, `${utility}-${flat}`, meter],
      );
    }
  }
  await owner.end();
  return town.operatorId;
}

/** Delivers through the real broker; at a restart what was not acknowledged is sent again, as a device does. */
async function deliver(
  fresh: FreshDatabase,
  messages: readonly Message[],
  restartsAfter: readonly number[],
): Promise<void> {
  const acked = new Set<number>();
  for (const until of [...restartsAfter, messages.length]) {
    const stack: Stack = await startStack(fresh.db);
    const client = await signedIn(stack.broker.port, "gateway");
    const todo = messages
      .keys()
      .filter((n) => !acked.has(n))
      .toArray();
    let next = 0;
    const sendOne = (): void => {
      const n = todo[next++];
      const message = n === undefined ? undefined : messages[n];
      if (n !== undefined && message !== undefined) publish(client, message.topic, message.payload, n + 1);
    };
    for (let i = 0; i < WINDOW; i++) sendOne();
    while (acked.size < until) {
      const puback = (await client.next("puback")) as { messageId: number } | null;
      if (puback === null) throw new Error("the broker closed the connection");
      acked.add(puback.messageId - 1);
      sendOne();
    }
    client.socket.destroy();
    await stack.stop();
  }
}

/** Everything of May's bills but their ids and the moments at which they were made. */
async function bills(fresh: FreshDatabase, operatorId: bigint): Promise<string> {
  const clock = { now: () => instant(MAY.to + 48 * HOUR_MS) };
  const run = await runBills(billDepsOf({ db: fresh.db, clock, telemetry: noTelemetry, log: quiet }), operatorId, MAY);
  expect(run).toMatchObject({ finished: true, refused: [] });
  expect(run.issued).toHaveLength(FLATS);
  const owner = ownerPool(fresh.ownerUrl);
  expect((await verify(owner)).filter(({ ok }) => !ok)).toEqual([]);
  const rowsOf = async (text: string) => (await owner.query<Record<string, unknown>>(text)).rows;
  const all = {
    bills: await rowsOf(
      "select a.number as account, b.number, period_from, period_to, issued_on, due_on, currency, total_minor from bill b join account a on a.id = b.account_id order by 1",
    ),
    lines: await rowsOf(
      "select a.number as account, l.* from bill_line l join bill b on b.id = l.bill_id join account a on a.id = b.account_id order by 1, l.line",
    ),
    usage: await rowsOf(
      "select a.number as account, u.* from billed_usage u join bill b on b.id = u.bill_id join account a on a.id = b.account_id order by 1, u.usage_point_id, u.period_from",
    ),
    verdicts: await rowsOf(
      "select meter_id, register, from_at, to_at, rule, rule_version, result, inputs, threshold from verdict order by 1, 2, 3, 4, 5, md5(inputs::text)",
    ),
    postings: await rowsOf(
      "select a.number as account, p.ledger_account, p.currency, p.amount_minor from posting p left join account a on a.id = p.account_id order by p.journal_id, p.line",
    ),
  };
  await owner.end();
  const text = (key: string, value: unknown): unknown =>
    key === "bill_id" ? undefined : typeof value === "bigint" ? String(value) : value;
  return JSON.stringify(all, text, 1);
}

const inOrder = monthOf();
const ARRIVALS: readonly [string, () => readonly Message[], readonly number[]][] = [
  ["reversed, the newest first", () => inOrder.toReversed(), []],
  ["doubled, each message twice", () => inOrder.flatMap((message) => [message, message]), []],
  [
    `shuffled by seed ${SEED}, with some messages twice and two restarts of the ingest`,
    () => {
      const chance = generator(SEED + 1);
      const some = inOrder.flatMap((message) => (chance() < 0.1 ? [message, message] : [message]));
      return some
        .map((message) => ({ message, place: chance() }))
        .toSorted((a, b) => a.place - b.place)
        .map(({ message }) => message);
    },
    [700, 1_500],
  ],
];

async function billsOf(messages: readonly Message[], restarts: readonly number[]): Promise<string> {
  const fresh = await freshDatabase();
  try {
    const operatorId = await flatsIn(fresh);
    await deliver(fresh, messages, restarts);
    return await bills(fresh, operatorId);
  } finally {
    await fresh.drop();
  }
}

test("a month of readings that arrives in order, reversed, doubled or shuffled with restarts between makes the same bills to the byte", async () => {
  const expected = await billsOf(inOrder, []);
  expect(JSON.parse(expected)).toMatchObject({ bills: Array(FLATS).fill({ currency: "CNY" }) });
  expect((JSON.parse(expected) as { lines: unknown[] }).lines.length).toBeGreaterThanOrEqual(FLATS * 5);
  expect(expected).toContain('"result": "glitch"');
  for (const [how, messages, restarts] of ARRIVALS) expect(await billsOf(messages(), restarts), how).toBe(expected);
});
