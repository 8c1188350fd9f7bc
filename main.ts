import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Transaction } from "kysely";
import type { Logger } from "pino";
import { ensureDemoUsers } from "./api/demo.ts";
import { liveBus } from "./api/live.ts";
import { type Metrics, prometheus } from "./api/metrics.ts";
import { type RunningApi, startApi } from "./api/server.ts";
import type { Services } from "./api/services.ts";
import { dialOf } from "./catalog/meters/dials.ts";
import { policyVersionsOf } from "./catalog/policies/catalogue.ts";
import { liveTeller, type Teller } from "./api/tell/teller.ts";
import { billDepsOf, type Billing, startBilling } from "./billing/main.ts";
import { type PaymentOutcome, reversePayment, takePayment } from "./billing/payment.ts";
import { tellPayments } from "./billing/told/payments.ts";
import { issueToken, type TokenWish } from "./billing/tokens/issue.ts";
import { type Collectors, startCollectors } from "./collectors/main.ts";
import { type Demo, type DemoOptions, openDemo } from "./demo/main.ts";
import { type Clock, instant } from "./domain/instant.ts";
import type { NoticeChannel } from "./domain/notice.ts";
import type { AccountId, OperatorId } from "./domain/reading.ts";
import type { Telemetry } from "./domain/telemetry.ts";
import { deviceCommands } from "./ledger/device-commands.ts";
import { type Sealer, sealer } from "./ledger/sealing.ts";
import { type Database, openDatabase, ownerPool } from "./schema/database.ts";
import type { Tables } from "./schema/tables.ts";
import { startEmbedded } from "./schema/embedded/server.ts";
import { paperOfNotice } from "./paper/bill-mail.ts";
import { type NoticeRoom, startNotices } from "./notices/main.ts";
import { migrate } from "./schema/migrate.ts";
import { sealingKeyOf } from "./sealing-key.ts";
import type { Settings } from "./settings.ts";
import { startValidation, type ValidationSchedule } from "./validation/schedule.ts";

/** What happens, for whoever waits: a step, and how far it is. */
export type OnProgress = (step: string, detail?: string) => void;

export type ServiceOptions = {
  readonly settings: Settings;
  readonly log: Logger;
  readonly onProgress?: OnProgress;
  /** Absolute path of the built pages; they may appear later. */
  readonly consoleDir: string;
  /** The simulated estate and station. */
  readonly demo?: DemoOptions;
};

export type Service = {
  readonly url: string;
  readonly mqttUrl: string;
  readonly mqttPort: number | null;
  readonly demo: Demo | null;
  /** Resolves when history is loaded and what is due has been billed; at once without a demo. */
  readonly settled: Promise<void>;
  stop(): Promise<void>;
};

const wall: Clock = { now: () => instant(Date.now()) };

/** The root shell: opens the books, the wires and the pages, in this order, and closes them in the other. */
export async function startService(options: ServiceOptions): Promise<Service> {
  const { settings, log, onProgress = () => {} } = options;
  const opened: (() => Promise<unknown>)[] = [];
  const closeAll = async (): Promise<void> => {
    for (const close of opened.splice(0).reverse())
      await close().catch((error: unknown) => log.error({ err: error }, "a room did not close in order"));
  };
  try {
    const ownerUrl = await openBooks(settings, onProgress, opened);
    const db = openDatabase(ownerUrl, { log, max: 16 });
    opened.push(() => db.close());
    const sealing = sealer(await sealingKeyOf(settings));
    const demo = await openTown(options, { ownerUrl, db, sealing }, opened);
    const clock = demo?.clock ?? wall;
    const metrics = prometheus();
    const rooms = await openRooms({ options, db, sealing, clock, demo, metrics }, opened);
    const settled =
      demo === null
        ? Promise.resolve()
        : demo.fill({
            mqttUrl: rooms.collectors.mqttUrl,
            billing: billDepsOf({ db, clock, telemetry: metrics.telemetry, log }),
          });
    void settled.then(
      () => rooms.startBilling(),
      (error: unknown) => log.error({ err: error }, "the demo could not be filled"),
    );
    return {
      url: rooms.api.url,
      mqttUrl: rooms.collectors.mqttUrl,
      mqttPort: rooms.collectors.mqttPort,
      demo,
      settled,
      stop: async () => {
        demo?.abort();
        await settled.catch(() => undefined);
        await closeAll();
      },
    };
  } catch (error) {
    await closeAll();
    throw error;
  }
}

async function openBooks(
  settings: Settings,
  onProgress: OnProgress,
  opened: (() => Promise<unknown>)[],
): Promise<string> {
  let url = settings.databaseUrl;
  if (url === undefined) {
    const server = await startEmbedded({
      folder: settings.dataFolder,
      onProgress: (step) => onProgress("database", step),
    });
    opened.push(() => server.stop());
    url = server.url;
  }
  const applied = await migrate(url);
  if (applied.length > 0) onProgress("database", `migrated (${applied.length} steps)`);
  return url;
}

async function openTown(
  options: ServiceOptions,
  { ownerUrl, db, sealing }: { ownerUrl: string; db: Database; sealing: Sealer },
  opened: (() => Promise<unknown>)[],
): Promise<Demo | null> {
  if (options.demo === undefined) return null;
  const owner = ownerPool(ownerUrl, { max: 2 });
  const { settings, log, onProgress = () => {} } = options;
  try {
    const demo = await openDemo({
      ...options.demo,
      owner,
      db,
      sealing,
      folder: settings.dataFolder,
      host: "127.0.0.1",
      log,
      onProgress,
    });
    opened.push(() => demo.stop());
    return demo;
  } finally {
    await owner.end();
  }
}

type RoomDeps = {
  options: ServiceOptions;
  db: Database;
  sealing: Sealer;
  clock: Clock;
  demo: Demo | null;
  metrics: Metrics;
};
type Rooms = { collectors: Collectors; api: RunningApi; startBilling(): void };

/** Collectors, pages and billing know each other only through what is handed to them here. */
async function openRooms(
  { options, db, sealing, clock, demo, metrics }: RoomDeps,
  opened: (() => Promise<unknown>)[],
): Promise<Rooms> {
  const { settings, log, consoleDir } = options;
  const { host, port } = settings;
  const { telemetry } = metrics;
  const live = liveBus(wall);
  // The wires speak as soon as they are open, before who listens to them is there.
  let billing: Billing | null = null;
  let teller: Teller | null = null;
  let notices: NoticeRoom | null = null;
  const collectors = await startCollectors({
    db,
    clock,
    telemetry,
    log,
    host,
    mqtt: await mqttOf(settings),
    spoolFolder: join(settings.dataFolder, "spool"),
    deviceCommands: deviceCommands(db, sealing),
    onCommitted: (readings) => {
      billing?.onReadings(readings);
      teller?.readings(readings);
    },
  });
  opened.push(() => collectors.stop());
  const { directory } = collectors;
  const telling = liveTeller({
    live,
    db,
    clock,
    wall,
    log,
    utilityOf: (meterId) => directory.meter(meterId)?.utility,
    zoneOf: (operatorId) => directory.zone(operatorId),
  });
  teller = telling;
  opened.push(() => telling.idle());
  const onPayment = (operatorId: OperatorId, accountId: AccountId): void => {
    billing?.onPayment(operatorId, accountId);
    telling.supply({ operatorId, accountId, at: clock.now(), kind: "credit", detail: {} });
  };
  const onJudged = (): void => billing?.onJudged();
  const onRegister = (operatorId: OperatorId): Promise<number> => collectors.onRegister(operatorId);
  const onMeterLife: Services["onMeterLife"] = async (operatorId) => {
    // It is in the books: wires that cannot look now do so within a minute.
    await onRegister(operatorId).catch((error: unknown) =>
      log.warn({ err: error }, "the wires could not look at the meters anew"),
    );
    onJudged(); // a bill that waited for a dial can be made
  };
  const services = {
    takePayment: countedPayments(telemetry),
    reversePayment,
    issueToken: (trx: Transaction<Tables>, wish: TokenWish) => issueToken(trx, sealing, wish),
    onPayment,
    onJudged,
    onMeterLife,
    onRegister,
    buses: collectors.buses,
    notices: {
      channels: channelsOf(settings, demo !== null),
      secret: settings.noticeWebhook?.secret ?? null,
      wake: () => notices?.wake(),
    },
  };
  const users = demo === null ? null : await ensureDemoUsers(db);
  const api = await startApi({
    db,
    clock,
    wall,
    log,
    metrics,
    live,
    host,
    port,
    consoleDir,
    services,
    waiting: () => collectors.waiting(),
    ...(users === null ? {} : { demo: { users } }),
  });
  opened.push(() => api.close());
  opened.push(async () => billing?.stop());
  opened.push(async () => notices?.stop());
  let validation: ValidationSchedule | null = null;
  opened.push(async () => validation?.stop());
  return {
    collectors,
    api,
    startBilling() {
      billing = startBilling({
        db,
        clock,
        telemetry,
        log,
        zone: "UTC", // it wakes every hour; each operator has its own months
        send: (...order) => collectors.send(...order),
        onSupply: (event) => telling.supply(event),
        onRun: (news) => telling.billRun(news),
      });
      notices = startNotices({
        db,
        clock,
        wall,
        telemetry,
        log,
        demo: demo !== null,
        attachmentsOf: (operatorId, delivery) => paperOfNotice(db, operatorId, delivery),
        gather: () => tellPayments({ db, clock, policies: policyVersionsOf, log }),
        ...(settings.smtp === undefined ? {} : { smtp: settings.smtp }),
        ...(settings.noticeWebhook === undefined ? {} : { webhook: settings.noticeWebhook }),
      });
      validation = startValidation({ db, clock, log, dials: dialOf });
    },
  };
}

/** The ways on which notices can leave with these settings. */
const channelsOf = ({ smtp, noticeWebhook }: Settings, demo: boolean): NoticeChannel[] => [
  "inbox",
  ...(smtp === undefined ? [] : (["email"] as const)),
  ...(noticeWebhook === undefined ? [] : (["webhook"] as const)),
  ...(demo ? (["sandbox"] as const) : []),
];

/** `takePayment`, counted by outcome; one that was turned away or failed as `refused`. */
const countedPayments =
  (telemetry: Telemetry): typeof takePayment =>
  async (db, payment, guard) => {
    let outcome: PaymentOutcome["kind"] | "refused" = "refused";
    try {
      const taken = await takePayment(db, payment, guard);
      outcome = taken.kind;
      return taken;
    } finally {
      telemetry.count("sanbiao_payments_total", { outcome });
    }
  };

async function mqttOf({ mqtt }: Settings): Promise<Parameters<typeof startCollectors>[0]["mqtt"]> {
  if (mqtt.kind === "foreign" || mqtt.tls === undefined)
    return mqtt.kind === "foreign" ? mqtt : { kind: "embedded", port: mqtt.port };
  const [cert, key] = await Promise.all([readFile(mqtt.tls.cert), readFile(mqtt.tls.key)]);
  return { kind: "embedded", port: mqtt.port, tls: { port: mqtt.tls.port, cert, key } };
}
