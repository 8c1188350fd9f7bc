import { Command, InvalidArgumentError, Option } from "commander";
import { PROFILES } from "../catalog/meters/catalogue.ts";
import { Link, type LinkConfig } from "../collectors/modbus/link.ts";
import { refused } from "../collectors/modbus/request.ts";
import { scan, UNIT_ID_MAX } from "../collectors/modbus/scan.ts";
import type { FoundUnit } from "../domain/bus.ts";
import { type Io, printJson } from "./io.ts";
import { progressOf } from "./progress.ts";

type Options = {
  tcp?: { host: string; port: number };
  rtuOverTcp?: { host: string; port: number };
  serial?: string;
  baud: number;
  parity: "none" | "even" | "odd";
  units: number[];
  timeout: number;
  json?: true;
};

/** Answers of most meters take less than 200 ms; the usual time-out of a poll (1 s) would cost four minutes of silence. Our choice. */
const TIMEOUT_MS = 300;

const EXAMPLES = `
Examples:
  sanbiao scan --tcp 192.168.1.50:502
  sanbiao scan --rtu-over-tcp gateway:4196 --units 1-32
  sanbiao scan --serial /dev/ttyUSB0 --baud 9600 --parity even --units 1,2,7 --json

Nobody else may talk on the line meanwhile: for a bus that the service polls, use its page "Buses". Reads only.
Exit status: 0 something answered, 1 nothing answered or the line could not be opened, 2 wrong use.`;

export const scanCommand = (io: Io): Command =>
  new Command("scan")
    .description("Asks every unit id of a Modbus line and recognises meters by what they answer; needs no database")
    .option("--tcp <host:port>", "Modbus TCP", addressOf)
    .option("--rtu-over-tcp <host:port>", "RTU frames through a TCP gateway", addressOf)
    .option("--serial <path>", "RTU on a serial port")
    .option("--baud <number>", "of the serial port", numberOf, 9600)
    .addOption(new Option("--parity <parity>", "of the serial port").choices(["none", "even", "odd"]).default("none"))
    .option("--units <list>", "unit ids, as 1-32 or 1,5,9-12", unitsOf, unitsOf(`1-${UNIT_ID_MAX}`))
    .option("--timeout <ms>", "how long an answer is waited for", numberOf, TIMEOUT_MS)
    .option("--json", "one JSON document")
    .addHelpText("after", EXAMPLES)
    .action((options: Options) => scanLine(io, options));

async function scanLine(io: Io, options: Options): Promise<void> {
  const config = linkOf(options);
  if (config === null) {
    io.err("sanbiao scan: name one line: --tcp, --rtu-over-tcp or --serial.");
    io.exit(2);
    return;
  }
  const link = new Link(config);
  const stopped = new AbortController();
  const onSignal = (): void => stopped.abort();
  process.once("SIGINT", onSignal);
  try {
    const away = await link.open();
    if (away !== null) {
      if (options.json) printJson(io, { error: { code: "link_down", message: away.detail }, found: [] });
      else io.err(`sanbiao scan: the line could not be opened: ${away.detail}`);
      io.exit(1);
      return;
    }
    const progress = progressOf(io, () => performance.now(), process.stderr.isTTY);
    const found = await scan({
      unitIds: options.units,
      profiles: [...PROFILES.values()].filter((profile) => profile.kind === "modbus"),
      signal: stopped.signal,
      ask: async (request) => {
        const closed = await link.open();
        return closed === null ? link.request(request) : { ...refused("link_down", closed.detail), unsent: true };
      },
      onProgress: ({ asked, total, found: so }) =>
        progress("asked", `${asked} of ${total} unit ids, ${so.length} answered`),
    });
    if (options.json) printJson(io, { found });
    else io.out(tableOf(found));
    if (found.length === 0) io.exit(1);
  } finally {
    process.off("SIGINT", onSignal);
    await link.close();
  }
}

function linkOf({ tcp, rtuOverTcp, serial, baud, parity, timeout }: Options): LinkConfig | null {
  const lines: LinkConfig[] = [];
  if (tcp !== undefined) lines.push({ kind: "tcp", ...tcp, inFlightMax: 1, timeoutMs: timeout });
  if (rtuOverTcp !== undefined) lines.push({ kind: "rtu_over_tcp", ...rtuOverTcp, timeoutMs: timeout });
  if (serial !== undefined) lines.push({ kind: "rtu", path: serial, baudRate: baud, parity, timeoutMs: timeout });
  return lines.length === 1 ? (lines[0] ?? null) : null;
}

function tableOf(found: readonly FoundUnit[]): string {
  if (found.length === 0) return "Nothing answered.";
  return found
    .flatMap(({ unitId, candidates, trouble }) => {
      const head = String(unitId).padStart(4);
      if (trouble !== null) return [`${head}  answers badly: ${trouble} (two slaves with one id?)`];
      if (candidates.length === 0) return [`${head}  answers, and no profile fits`];
      return candidates.map(({ profileId, evidence }, i) => {
        const why = evidence.map(({ detail }) => detail).join(", ");
        return `${i === 0 ? head : "    "}  ${i === 0 ? "" : "or "}${profileId}: ${why}`;
      });
    })
    .join("\n");
}

function addressOf(text: string): { host: string; port: number } {
  const [, v6, plain, port] = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const host = v6 ?? plain;
  if (host === undefined || Number(port ?? 502) > 65_535) throw new InvalidArgumentError("HOST:PORT is wanted.");
  return { host, port: Number(port ?? 502) };
}

function numberOf(text: string): number {
  if (!/^[1-9]\d{0,6}$/.test(text)) throw new InvalidArgumentError("A whole number above 0 is wanted.");
  return Number(text);
}

function unitsOf(text: string): number[] {
  const ids = text.split(",").flatMap((part) => {
    const [, from, to] = /^(\d+)(?:-(\d+))?$/.exec(part.trim()) ?? [];
    const first = Number(from);
    const last = Number(to ?? from);
    if (!(first >= 1 && first <= last && last <= UNIT_ID_MAX))
      throw new InvalidArgumentError(`Unit ids from 1 to ${UNIT_ID_MAX} are wanted, as 1-32 or 1,5,9-12.`);
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
  return [...new Set(ids)];
}
