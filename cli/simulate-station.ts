import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { isoIn } from "../domain/instant.ts";
import { day } from "../domain/period.ts";
import { openDatabase, ownerPool } from "../schema/database.ts";
import { removeCluster, startEmbedded } from "../schema/embedded/server.ts";
import { migrate } from "../schema/migrate.ts";
import { liveThrough, type TrialResult } from "../trial/main.ts";
import { type Io, printJson } from "./io.ts";

type Options = { readonly days: number; readonly seed: number; readonly meters: number; readonly json?: boolean };

/** Chinese working days and holidays of this spring are in the catalogue. */
const FROM = day("2026-03-02");

/** `sanbiao simulate station`: the prepaid engine lives through a season on books of its own, which are thrown away. */
export function stationCommand(io: Io, whole: (from: number, to: number) => (text: string) => number): Command {
  return new Command("station")
    .description(
      "Lives through a station's days with faults, kills, late and double payments on the real engine, and checks every promise after each step",
    )
    .option("--days <n>", "days, by a clock of its own", whole(7, 366), 90)
    .option("--seed <n>", "the same seed plans the same days", whole(0, 2 ** 31 - 1), 1)
    .option("--meters <n>", "prepaid homes", whole(1, 1_000), 10)
    .option("--json", "one JSON document on standard output")
    .action(async (own: Options, command: Command) => {
      // `simulate` knows --seed, --meters and --json, too, and takes them wherever they stand.
      const {
        seed,
        meters = own.meters,
        json = false,
      } = command.optsWithGlobals<Partial<Options> & { seed: number }>();
      const options = { ...own, seed, meters, json };
      const result = await onOwnBooks(io, options);
      print(io, options, result);
      if (result.broken.length > 0) io.exit(1);
    });
}

async function onOwnBooks(io: Io, { days, seed, meters, json }: Options): Promise<TrialResult> {
  const folder = await mkdtemp(join(tmpdir(), "sanbiao-station-"));
  const server = await startEmbedded({ folder, settings: { fsync: "off", synchronous_commit: "off" } });
  const owner = ownerPool(server.url);
  const db = openDatabase(server.url);
  try {
    await migrate(server.url);
    const onDay = (today: string): void => {
      if (json !== true && today.endsWith("1")) io.err(today);
    };
    return await liveThrough({ db, owner, seed, meters, days, from: FROM, onDay });
  } finally {
    await db.close();
    await owner.end();
    await server.stop();
    await removeCluster(folder);
  }
}

function print(io: Io, { days, seed, meters, json }: Options, { tally, broken }: TrialResult): void {
  const promises = broken.map(({ at, promise, detail }) => ({ at: isoIn(at, "Asia/Shanghai"), promise, detail }));
  if (json === true) return printJson(io, { days, seed, meters, ...tally, broken: promises });
  const { steps, payments, doubled, reversals, cuts, reconnections, kills, troubles, bounced, workOrders } = tally;
  io.out(
    [
      `${meters} homes, ${days} days, seed ${seed}: ${steps} steps, each followed by all checks`,
      `${payments} payments (${doubled} sent twice, ${reversals} reversed), ${cuts} cuts and ${reconnections} reconnections on the wire`,
      `${troubles} troubles of meters and lines, ${kills} kills, ${bounced} notices bounced, ${workOrders} work orders closed by a visit`,
      ...(promises.length === 0
        ? ["every promise was kept"]
        : promises.map(({ at, promise, detail }) => `broken at ${at}: ${promise} (${detail})`)),
    ].join("\n"),
  );
}
