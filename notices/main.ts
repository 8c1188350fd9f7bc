import cron from "node-cron";
import type { Logger } from "pino";
import type { Clock } from "../domain/instant.ts";
import type { NoticeChannel } from "../domain/notice.ts";
import type { Telemetry } from "../domain/telemetry.ts";
import type { Database } from "../schema/database.ts";
import type { Carrier } from "./carrier.ts";
import { type AttachmentsOf, noticeDispatcher } from "./dispatch.ts";
import { type SmtpSettings, smtpCarrier } from "./smtp.ts";
import { type WebhookSettings, webhookCarrier } from "./webhook.ts";
import { inboxCarrier, sandboxCarrier } from "./within.ts";

export type NoticeRoomSettings = {
  readonly db: Database;
  readonly clock: Clock;
  readonly wall: Clock;
  readonly telemetry: Telemetry;
  readonly log: Logger;
  readonly smtp?: SmtpSettings;
  readonly webhook?: WebhookSettings;
  /** Whether the sandbox delivers. */
  readonly demo: boolean;
  readonly attachmentsOf?: AttachmentsOf;
  /** Writes what the books have to tell and nobody wrote yet; before each turn. */
  readonly gather?: () => Promise<unknown>;
};

export type NoticeRoom = {
  /** Looks for notices now: somebody waits for one. */
  wake(): void;
  stop(): Promise<void>;
};

/** The ways out that these settings open. */
export function carriersOf(
  settings: Pick<NoticeRoomSettings, "smtp" | "webhook" | "demo" | "wall">,
): Map<NoticeChannel, Carrier> {
  const { smtp, webhook, demo, wall } = settings;
  const carriers = new Map<NoticeChannel, Carrier>([
    ["inbox", inboxCarrier],
    ["sandbox", sandboxCarrier(demo)],
  ]);
  if (smtp !== undefined) carriers.set("email", smtpCarrier(smtp));
  if (webhook !== undefined) carriers.set("webhook", webhookCarrier(webhook, wall));
  return carriers;
}

/** Sends what waits, every two seconds: the timer only wakes, the outbox remembers. */
export function startNotices(settings: NoticeRoomSettings): NoticeRoom {
  const { log } = settings;
  const carriers = carriersOf(settings);
  const dispatcher = noticeDispatcher({ ...settings, carriers });
  let running: Promise<void> | null = null;
  let stopped = false;
  /** What could not be gathered keeps nothing back that is there. */
  const gathered = (): Promise<unknown> =>
    (settings.gather?.() ?? Promise.resolve()).catch((error: unknown) =>
      log.error({ err: error }, "notices could not be written from the books; the next turn tries again"),
    );
  const turn = (): void => {
    if (stopped || running !== null) return;
    running = gathered()
      .then(() => dispatcher.turn())
      .then(() => undefined)
      .catch((error: unknown) => log.error({ err: error }, "notices could not be sent; the next turn tries again"))
      .finally(() => {
        running = null;
      });
  };
  const task = cron.schedule("*/2 * * * * *", turn);
  return {
    wake: turn,
    async stop() {
      stopped = true;
      await task.destroy();
      await running;
      for (const carrier of carriers.values()) carrier.close();
    },
  };
}
