import pg from "pg";
import type { Logger } from "pino";

/** What calls on one channel of the database, as long as it is not closed. */
export type Listener = { close(): Promise<void> };

/** Waits between attempts to connect, doubled each time. Our choice: a server that starts again takes seconds. */
const FIRST_PAUSE_MS = 250;
const PAUSE_MS_MAX = 30_000;
/** An idle line that a network drops without a word is found by it. */
const KEEP_ALIVE_MS = 30_000;

/**
 * Listens on a connection of its own, which it opens again when it is lost. What was called meanwhile is not known: `heard` is called
 * after every opening, too, and for many calls at once it is called once. It never throws: whoever listens has a timer for the worst.
 */
export function listen(
  config: pg.ClientConfig,
  channel: string,
  heard: () => void,
  { log }: { readonly log?: Logger | undefined } = {},
): Listener {
  let client: pg.Client | null = null;
  let isClosed = false;
  let isCalled = false;
  let pauseMs = FIRST_PAUSE_MS;
  let timer: NodeJS.Timeout | undefined;

  const call = (): void => {
    if (isCalled) return;
    isCalled = true;
    setImmediate(() => {
      isCalled = false;
      if (!isClosed) heard();
    });
  };
  const open = async (): Promise<void> => {
    const mine = new pg.Client({ ...config, keepAlive: true, keepAliveInitialDelayMillis: KEEP_ALIVE_MS });
    client = mine;
    mine.on("notification", call);
    // `end` follows every loss, also one that an `error` told before.
    mine.on("error", (error) => log?.warn({ err: error, channel }, "the listening connection was lost"));
    mine.on("end", () => lost(mine));
    try {
      await mine.connect();
      await mine.query(`listen ${pg.escapeIdentifier(channel)}`);
      pauseMs = FIRST_PAUSE_MS;
      call();
    } catch (error) {
      log?.warn({ err: error, channel }, "listening did not begin; it is tried again");
      await mine.end().catch(() => {});
      lost(mine);
    }
  };
  const lost = (which: pg.Client): void => {
    if (isClosed || client !== which) return;
    client = null;
    timer = setTimeout(() => void open(), pauseMs);
    pauseMs = Math.min(pauseMs * 2, PAUSE_MS_MAX);
  };
  void open();
  return {
    async close() {
      isClosed = true;
      clearTimeout(timer);
      await client?.end().catch(() => {});
    },
  };
}
