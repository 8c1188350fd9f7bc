import type { Logger } from "pino";
import { SECOND_MS } from "../domain/instant.ts";

/** Work that comes round again and may fail: it is said, and the next turn tries again. */
export type TurnWork = { readonly name: string; readonly turn: () => Promise<void> };

/** Soon enough for a silence of minutes, rare enough for a question to the book. Our choice. */
const EVERY_MS = 15 * SECOND_MS;

/** Takes turns until it is stopped, one piece of work after the other, never two rounds at once. */
export function startTurns(works: readonly TurnWork[], log: Logger, everyMs = EVERY_MS): { stop(): Promise<void> } {
  let running: Promise<void> | null = null;
  let stopped = false;
  const round = async (): Promise<void> => {
    for (const { name, turn } of works) {
      if (stopped) return;
      try {
        await turn();
      } catch (error) {
        log.warn({ err: error, work: name }, "a turn failed; the next one tries again");
      }
    }
  };
  const timer = setInterval(() => {
    running ??= round().finally(() => {
      running = null;
    });
  }, everyMs);
  return {
    async stop() {
      stopped = true;
      clearInterval(timer);
      await running;
    },
  };
}
