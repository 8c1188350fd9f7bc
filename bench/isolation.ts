import { setTimeout as wait } from "node:timers/promises";
import { report } from "./report.ts";
import { Estate, type Trouble, type Wire } from "./isolation/pair.ts";

/**
 * What one bad slave or gateway costs its neighbours: polls per second of all the others, as a share of a twin without the fault that
 * runs at the same time in the same process. Both are polled without pause, which is the harshest case; the fault is there from the
 * first request, so that finding out is part of the price.
 */
export type IsolationResult = {
  readonly seconds: number;
  readonly rounds: number;
  readonly cases: readonly {
    readonly wire: Wire;
    readonly what: string;
    readonly healthy: number;
    readonly ratio: number;
  }[];
};

export type IsolationOptions = { readonly rounds?: number; readonly phaseMs?: number };

type Case = { readonly what: string; readonly gateways: number; readonly units: number; readonly trouble: Trouble };
const ONE_LINE = { gateways: 1, units: 30 };
const CASES: readonly Case[] = [
  { what: "one dead slave of 30", ...ONE_LINE, trouble: { kind: "slave", faults: [{ kind: "silence" }] } },
  {
    what: "one slave of 30 answers garbage",
    ...ONE_LINE,
    trouble: {
      kind: "slave",
      faults: [
        { kind: "garbage_length", length: 0xffff },
        { kind: "wrong_unit_id", unitId: 7 },
        { kind: "truncated" },
        { kind: "drop_mid_frame" },
      ],
    },
  },
  {
    what: "one slave of 30 is silent at three of four",
    ...ONE_LINE,
    trouble: { kind: "slave", faults: [{ kind: "silence" }, { kind: "silence" }, { kind: "silence" }, null] },
  },
  { what: "one dead gateway of 5", gateways: 5, units: 10, trouble: { kind: "gateway" } },
  { what: "one mute gateway of 5", gateways: 5, units: 10, trouble: { kind: "mute" } },
];
const WIRES: readonly Wire[] = ["tcp", "rtu_over_tcp"];
/** Of its neighbours' poll rate. */
const RATIO_MIN = 0.9;

const median = (numbers: number[]): number => [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? 0;

export async function run({ rounds = 3, phaseMs = 6000 }: IsolationOptions = {}): Promise<IsolationResult> {
  const cases: IsolationResult["cases"][number][] = [];
  for (const wire of WIRES) {
    for (const { what, gateways, units, trouble } of CASES) {
      const ratios: number[] = [];
      const healthy: number[] = [];
      for (let round = 0; round < rounds; round++) {
        const twins = [
          await Estate.open(wire, gateways, units, null),
          await Estate.open(wire, gateways, units, trouble),
        ] as const;
        await wait(phaseMs);
        const [well, ill] = [twins[0].polls, twins[1].polls];
        await Promise.all(twins.map((twin) => twin.close()));
        // The healthy twin counts the unit (or gateway) as well that the other one is without.
        const neighbours = trouble.kind === "slave" ? (units - 1) / units : (gateways - 1) / gateways;
        healthy.push((well * neighbours * 1000) / phaseMs);
        ratios.push(ill / (well * neighbours));
      }
      cases.push({ wire, what, healthy: median(healthy), ratio: median(ratios) });
    }
  }
  return { seconds: phaseMs / 1000, rounds, cases };
}

export function tableOf({ seconds, rounds, cases }: IsolationResult): string {
  const rows = cases.map(({ wire, what, healthy, ratio }) => {
    const rate = `${Math.round(healthy).toLocaleString("en").padStart(6)} polls/s`;
    return `${wire.padEnd(13)} ${what.padEnd(42)} ${rate}   ${ratio.toFixed(3)}${ratio < RATIO_MIN ? "   MORE THAN 10 %" : ""}`;
  });
  return [
    `Neighbours' poll rate beside a fault, as a share of the same run without it (${rounds} rounds of ${seconds} s, medians)`,
    ...rows,
  ].join("\n");
}

if (process.argv[1] === import.meta.filename) {
  const result = await run();
  report(result, () => tableOf(result));
  process.exitCode = result.cases.every(({ ratio }) => ratio >= RATIO_MIN) ? 0 : 1;
}
