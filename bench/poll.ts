import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import { LibraryClient } from "./poll/library.ts";
import { LinkClient, startCollector, tally } from "./poll/ours.ts";
import { RawClient } from "./poll/raw.ts";
import { report } from "./report.ts";
import { BLOCKS, GATEWAYS, IN_FLIGHT, METERS } from "./poll/town.ts";

/**
 * 1,000 simulated meters behind 32 gateways in another process, polled without pause: transactions and readings per second, as a share
 * of a raw-socket client that makes the same requests of the same server, measured in turns in the same run. Then the same
 * under faults, where every value is compared with what the gateway holds.
 */
export type PollResult = {
  readonly raw: number;
  readonly link: number;
  readonly collector: number;
  readonly library: number;
  readonly readings: number;
  readonly ratio: number;
  readonly linkRatio: number;
  readonly rssMb: { readonly raw: number; readonly collector: number };
  readonly faults: {
    readonly injected: number;
    readonly kinds: number;
    readonly readings: number;
    readonly wrong: number;
    readonly refused: Readonly<Record<string, number>>;
    readonly gaps: number;
  };
};

export type PollOptions = { readonly rounds?: number; readonly phaseMs?: number; readonly faultMs?: number };

const rssMb = (): number => Math.round(process.memoryUsage.rss() / 1e6);
const median = (numbers: number[]): number => [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? 0;

export async function run({ rounds = 5, phaseMs = 2000, faultMs = 15_000 }: PollOptions = {}): Promise<PollResult> {
  const child = fork(new URL("./poll/gateways.ts", import.meta.url), { stdio: "inherit" });
  try {
    const [{ ports }] = (await once(child, "message")) as [{ ports: number[] }];
    const seen = {
      raw: [] as number[],
      link: [] as number[],
      collector: [] as number[],
      library: [] as number[],
      readings: [] as number[],
    };
    const memory = { raw: 0, collector: 0 };
    for (let round = 0; round < rounds; round++) {
      seen.raw.push(await rateOf(phaseMs, await RawClient.start(ports)));
      memory.raw = Math.max(memory.raw, rssMb());
      const { perSecond, readings } = await collectorRate(ports, phaseMs);
      seen.collector.push(perSecond);
      seen.readings.push(readings);
      memory.collector = Math.max(memory.collector, rssMb());
      seen.link.push(await rateOf(phaseMs, await LinkClient.start(ports)));
      seen.library.push(await rateOf(phaseMs, await LibraryClient.start(ports)));
    }
    const faults = await faultPhase(child, ports, faultMs);
    // Ratios inside one round, so that a busy neighbour on the machine does not count.
    const ratios = seen.collector.map((rate, i) => rate / (seen.raw[i] ?? 1));
    const linkRatios = seen.link.map((rate, i) => rate / (seen.raw[i] ?? 1));
    return {
      raw: median(seen.raw),
      link: median(seen.link),
      collector: median(seen.collector),
      library: median(seen.library),
      readings: median(seen.readings),
      ratio: median(ratios),
      linkRatio: median(linkRatios),
      rssMb: memory,
      faults,
    };
  } finally {
    child.disconnect();
  }
}

async function rateOf(phaseMs: number, client: { transactions: number; stop(): Promise<void> }): Promise<number> {
  await wait(phaseMs / 4); // warm
  const before = client.transactions;
  const began = performance.now();
  await wait(phaseMs);
  const rate = ((client.transactions - before) * 1000) / (performance.now() - began);
  await client.stop();
  return rate;
}

/** Through schedule, link and decoding; a transaction counts when its values have reached the sink. */
async function collectorRate(ports: number[], phaseMs: number): Promise<{ perSecond: number; readings: number }> {
  const counted = {
    collector: startCollector(ports, false, 1000),
    get transactions(): number {
      return tally.frames * BLOCKS.length;
    },
    stop: (): Promise<void> => counted.collector.stop(),
  };
  const readingsBefore = tally.readings;
  const framesBefore = tally.frames;
  const perSecond = await rateOf(phaseMs, counted);
  const perFrame = (tally.readings - readingsBefore) / Math.max(1, tally.frames - framesBefore);
  return { perSecond, readings: (perSecond / BLOCKS.length) * perFrame };
}

async function faultPhase(child: ChildProcess, ports: number[], faultMs: number): Promise<PollResult["faults"]> {
  Object.assign(tally, { frames: 0, readings: 0, wrong: 0, refused: {}, gaps: 0 });
  child.send({ share: 0.01 });
  await once(child, "message");
  const collector = startCollector(ports, true, 80);
  await wait(faultMs);
  child.send({ share: 0 });
  const [{ injected }] = (await once(child, "message")) as [{ injected: Record<string, number> }];
  await collector.stop();
  const { readings, wrong, refused, gaps } = tally;
  const total = Object.values(injected).reduce((a, b) => a + b, 0);
  return { injected: total, kinds: Object.keys(injected).length, readings, wrong, refused, gaps };
}

export function tableOf(result: PollResult): string {
  const row = (name: string, rate: number): string =>
    `${name.padEnd(34)} ${Math.round(rate).toLocaleString("en").padStart(9)}/s   ${(rate / result.raw).toFixed(2)}`;
  const refusals = Object.entries(result.faults.refused).map(([reason, count]) => `${reason} ${count}`);
  return [
    `${METERS} meters, ${GATEWAYS} gateways, ${IN_FLIGHT} requests under way on each; medians`,
    row("raw socket client", result.raw),
    row("collector (schedule, link, decode)", result.collector),
    row("link alone", result.link),
    row("modbus-serial, for comparison", result.library),
    `ratio collector to raw (median of rounds)  ${result.ratio.toFixed(2)}`,
    `readings/s ${Math.round(result.readings).toLocaleString("en")}; memory ${result.rssMb.raw} MB raw, ${result.rssMb.collector} MB collector (same process)`,
    `under faults: ${result.faults.injected} of ${result.faults.kinds} kinds; ${result.faults.readings} readings, ${result.faults.wrong} WRONG, ${result.faults.gaps} gaps; ${refusals.join(", ")}`,
  ].join("\n");
}

if (process.argv[1] === import.meta.filename) {
  const result = await run();
  report(result, () => tableOf(result));
  process.exitCode = result.faults.wrong === 0 && result.ratio >= 0.45 ? 0 : 1;
}
