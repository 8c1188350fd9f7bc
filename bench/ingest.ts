/**
 * MQTT clients in other processes → QoS 1, JSON → decoded → committed → acknowledged, against COPY of the same rows into the
 * same table on the same machine, by turns. Run: node bench/ingest.ts [--rounds N] [--readings N] [--only 100x20] [--json]
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { parseArgs } from "node:util";
import { copyRows, copyTool } from "./ingest/copy.ts";
import { report, say } from "./report.ts";
import { type IngestStack, seedDevices, withIngestStack } from "./ingest/stack.ts";

const { values: options } = parseArgs({
  options: {
    rounds: { type: "string", default: "3" },
    readings: { type: "string", default: "2" },
    only: { type: "string" },
    json: { type: "boolean", default: false },
  },
});
const ROUNDS = Number(options.rounds);
const READINGS = Number(options.readings);
const DEVICES = 1_000;
const GENERATORS = 2;
const DAY = Date.UTC(2026, 0, 1);
/** clients × window, and messages for each client. */
const SHAPES = [
  { clients: 10, window: 20, messages: 20_000 },
  { clients: 100, window: 20, messages: 2_500 },
  { clients: 1_000, window: 1, messages: 100 },
  { clients: 1_000, window: 20, messages: 250 },
].filter((s) => options.only === undefined || options.only === `${s.clients}x${s.window}`);

await withIngestStack((owner) => seedDevices(owner, DEVICES), bench);

async function bench({ url, owner, broker }: IngestStack): Promise<void> {
  const tool = copyTool();
  const shapes: object[] = [];
  say(`${READINGS} readings a message; reference: COPY text by ${tool}; ${ROUNDS} rounds, medians\n`);
  say("clients x window | messages/s | readings/s | COPY rows/s | ratio | our us/message | runs");
  for (const shape of SHAPES) {
    const ours: number[] = [];
    const copies: number[] = [];
    const busy: number[] = [];
    for (let round = 0; round <= ROUNDS; round++) {
      await empty();
      const rows = shape.clients * shape.messages * READINGS;
      const cpu = process.cpuUsage();
      const seconds = await publishAll(broker.port, shape);
      const { user, system } = process.cpuUsage(cpu);
      if (round > 0) busy.push((user + system) / (shape.clients * shape.messages));
      const text = await bookAsText(rows);
      await empty();
      const reference = await copyRows(url, text, tool);
      if (round === 0) continue; // warms both up
      ours.push(rows / seconds);
      copies.push(rows / reference);
    }
    const [a, b] = [median(ours), median(copies)];
    const runs = ours.map((x, i) => x / (copies[i] ?? x));
    const figures = {
      readingsPerSecond: a,
      copyRowsPerSecond: b,
      ratio: a / b,
      cpuMicrosPerMessage: median(busy),
      runs,
    };
    shapes.push({ ...shape, ...figures });
    say(
      `${`${shape.clients} x ${shape.window}`.padStart(16)} | ${k(a / READINGS)} | ${k(a)} | ${k(b)} | ${(a / b).toFixed(2).padStart(5)} | ${median(busy).toFixed(1).padStart(14)} | ${runs.map((x) => x.toFixed(2)).join(" ")}`,
    );
  }
  report({ readingsPerMessage: READINGS, reference: `COPY by ${tool}`, rounds: ROUNDS, shapes });

  async function empty(): Promise<void> {
    // The book refuses to be emptied, by anybody; only a superuser can look away, as for a restored copy.
    await owner.query("begin; set local session_replication_role = replica; truncate reading; commit");
    await owner.query("checkpoint");
  }

  /** The rows that the book holds now, in order of arrival, as COPY text. Also proves that they are all there. */
  async function bookAsText(expected: number): Promise<Buffer> {
    const { rows } = await owner.query<{ text: string }>(
      `select concat_ws(E'\\t', operator_id, meter_id, register, measured_at, received_at, value, source) as text
         from reading order by received_at, measured_at`,
    );
    if (rows.length !== expected) throw new Error(`${rows.length} rows in the book, ${expected} acknowledged`);
    return Buffer.from(`${rows.map((row) => row.text).join("\n")}\n`);
  }
}

/** @returns seconds from the first PUBLISH to the last PUBACK */
async function publishAll(port: number, shape: (typeof SHAPES)[number]): Promise<number> {
  const each = shape.clients / GENERATORS;
  const program = new URL("./ingest/generator.ts", import.meta.url);
  const generators = Array.from({ length: GENERATORS }, (_, i) =>
    fork(program, [port, i * each, each, shape.window, shape.messages, DAY, READINGS].map(String)),
  );
  await Promise.all(generators.map((g) => heard(g, "ready")));
  const begun = performance.now();
  for (const g of generators) g.send("go");
  await Promise.all(generators.map((g) => heard(g, "done")));
  return (performance.now() - begun) / 1000;
}

async function heard(child: ChildProcess, what: string): Promise<void> {
  const [said] = (await Promise.race([once(child, "message"), once(child, "exit")])) as [unknown];
  if (said !== what) throw new Error(`a generator said ${String(said)} instead of ${what}`);
}

function median(all: readonly number[]): number {
  return all.toSorted((a, b) => a - b)[all.length >> 1] ?? 0;
}

function k(n: number): string {
  return `${Math.round(n / 1000)} k`.padStart(10);
}
