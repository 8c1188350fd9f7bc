import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { type Logger, destination, pino } from "pino";
import type { DemoOptions } from "../demo/main.ts";
import { startService, type Service } from "../main.ts";
import { type Settings, settingsOf } from "../settings.ts";
import { buildConsole, consoleDist, consoleIsBuilt } from "./console-build.ts";
import { choiceOf } from "../simulators/faults/choice.ts";
import { printFaults } from "./faults.ts";
import { type Io, printJson } from "./io.ts";
import { type Progress, progressOf } from "./progress.ts";

type UpOptions = {
  readonly demo?: boolean;
  readonly seed: number;
  readonly speed: number;
  readonly faults: string;
  readonly faultSeed?: number;
  readonly json?: boolean;
};

/** `sanbiao up`: the service until a signal ends it. */
export const upCommand = (io: Io): Command =>
  new Command("up")
    .description("Start the service; with --demo, a simulated estate and station on real sockets")
    .option("--demo", "with the simulated town, its history and demo users")
    .option("--seed <n>", "which town", numberOf({ integer: true }), 1)
    .option("--speed <x>", "town seconds per real second", numberOf({ integer: false }), 1)
    .option("--faults <list>", "what goes wrong in the demo's town, as of sanbiao simulate", "none")
    .option("--fault-seed <n>", "when and where it goes wrong (default: --seed)", numberOf({ integer: true }))
    .option("--json", "when ready, print one JSON document with the addresses")
    .addHelpText(
      "after",
      "\nSettings come from the environment: see docs/reference/settings.md. Ctrl-C stops in order; a second one stops at once.",
    )
    .action((options: UpOptions, command: Command) => {
      if (options.faults === "help" || options.faults === "list") return printFaults(io, options.json === true);
      const choice = choiceOf(options.faults);
      if (choice.kind === "wrong") command.error(`error: ${choice.detail}`, { exitCode: 2 });
      if (choice.faults.length > 0 && options.demo !== true)
        command.error("error: --faults needs --demo: only a simulated town lies on purpose", { exitCode: 2 });
      return up(io, options, { chosen: choice.faults, seed: options.faultSeed ?? options.seed });
    });

function numberOf({ integer }: { integer: boolean }): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isFinite(value) || value <= 0 || (integer && !Number.isSafeInteger(value))) {
      throw new InvalidArgumentError(integer ? "a whole number above 0" : "a number above 0");
    }
    return value;
  };
}

async function up(io: Io, options: UpOptions, faults: NonNullable<DemoOptions["faults"]>): Promise<void> {
  const settings = settingsOf(process.env);
  const progress = progressOf(io, () => performance.now(), process.stderr.isTTY);
  await mkdir(settings.dataFolder, { recursive: true });
  const log = loggerOf(settings, options.demo === true);
  const stopping = signalled(io, log);
  const pages = pagesBuilt(progress, log);
  const service = await startService({
    settings,
    log,
    onProgress: progress,
    consoleDir: consoleDist,
    ...(options.demo ? { demo: { seed: options.seed, speed: options.speed, faults } } : {}),
  }).catch((error: unknown) => {
    for (const signal of SIGNALS) process.removeAllListeners(signal); // nothing is left to stop in order
    throw error;
  });
  try {
    sayWhere(io, progress, settings, service, options);
    await Promise.race([Promise.all([pages, service.settled]), stopping]);
    if (!stopped) sayReady(io, service, options);
    await stopping;
  } finally {
    progress("stopping");
    await service.stop();
    progress("stopped");
  }
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
let stopped = false;

/** Ctrl-C reaches every process of the terminal, and npm and our own starter pass it on as well: that is one wish, not two. */
const ONE_WISH_MS = 1000;

/** Resolves at the first SIGINT, SIGTERM or SIGHUP; a second one ends the process at once: what was acknowledged is on disk. */
function signalled(io: Io, log: Logger): Promise<void> {
  return new Promise((done) => {
    let first = 0;
    const on = (signal: NodeJS.Signals): void => {
      if (stopped && performance.now() - first < ONE_WISH_MS) return;
      if (stopped) {
        io.err("sanbiao: stopped at once");
        process.exit(130);
      }
      stopped = true;
      first = performance.now();
      log.info({ signal }, "stopping");
      done();
    };
    for (const signal of SIGNALS) process.on(signal, on);
  });
}

/** The demo's terminal is for people; its log goes to a file. A service logs to standard error. */
const loggerOf = (settings: Settings, demo: boolean): Logger =>
  pino(
    { level: settings.logLevel },
    demo
      ? destination({ dest: join(settings.dataFolder, "sanbiao.log"), sync: false })
      : destination({ dest: 2, sync: false }),
  );

async function pagesBuilt(progress: Progress, log: Logger): Promise<void> {
  if (await consoleIsBuilt()) return;
  progress("pages", "built once, beside the rest");
  const { done, said } = await buildConsole();
  if (done) progress("pages", "built");
  else {
    log.error({ said }, "the pages could not be built");
    progress("pages", `could not be built: ${said.trim().split("\n").slice(-3).join(" ")}`);
  }
}

function sayWhere(io: Io, progress: Progress, settings: Settings, service: Service, options: UpOptions): void {
  progress("listening", `${service.url} (pages), ${service.mqttUrl} (MQTT)`);
  if (settings.mqtt.kind === "embedded" && settings.mqtt.port !== 0 && service.mqttPort !== settings.mqtt.port) {
    io.err(`        MQTT port ${settings.mqtt.port} is taken: the broker listens on ${service.mqttPort} instead.`);
  }
  if (options.demo) io.err("        The page can be opened now; history and bills are filling in.");
}

function sayReady(io: Io, service: Service, options: UpOptions): void {
  if (options.json) {
    printJson(io, { url: service.url, mqttUrl: service.mqttUrl, demo: options.demo === true });
    return;
  }
  io.err("");
  io.err(`  Sanbiao 三表 is ready: ${service.url}`);
  if (options.demo)
    io.err("  The first page shows the demo users. Watch flat 1-301 go dark, then top it up at the counter.");
  io.err("  Ctrl-C stops it; the next start goes on where it stopped.");
  io.err("");
}
