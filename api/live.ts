import { type Clock, SECOND_MS } from "../domain/instant.ts";
import type { OperatorId } from "../domain/reading.ts";
import type { LiveEvent } from "./schemas/event.ts";

export type NumberedEvent = { readonly id: string; readonly event: LiveEvent };
export type Listener = (numbered: NumberedEvent) => void;

/** What happens now, told to whoever looks. Nothing here is a record: the books are. */
export type LiveBus = {
  publish(operatorId: OperatorId, event: LiveEvent): void;
  /** Events of one operator from now on. Returns how to stop. */
  subscribe(operatorId: OperatorId, listener: Listener): () => void;
  /** Events after an id that a client saw last; `null` when that is not known any more and it must read everything again. */
  since(operatorId: OperatorId, id: string): readonly NumberedEvent[] | null;
  listeners(): number;
};

/** A meter that speaks every second would drown the others: at most one event per meter in this time; its states are always told. */
const READING_QUIET_MS = SECOND_MS;
const KEPT = 500;
const METERS_REMEMBERED = 50_000;

/** @param wall the wall's clock, also where town time runs faster */
export function liveBus(wall: Clock): LiveBus {
  // Ids of another start of the service must not look like ours.
  const start = wall.now().toString(36);
  let count = 0;
  const byOperator = new Map<OperatorId, { listeners: Set<Listener>; kept: NumberedEvent[] }>();
  const toldAt = new Map<string, number>();

  const roomOf = (operatorId: OperatorId) => {
    let room = byOperator.get(operatorId);
    if (room === undefined) byOperator.set(operatorId, (room = { listeners: new Set(), kept: [] }));
    return room;
  };

  const tooSoon = (operatorId: OperatorId, event: LiveEvent): boolean => {
    if (event.kind !== "reading" || event.quantity.unit === "state") return false;
    const key = `${operatorId}/${event.meterId}`;
    const now = wall.now();
    if (now - (toldAt.get(key) ?? -Infinity) < READING_QUIET_MS) return true;
    if (toldAt.size >= METERS_REMEMBERED) toldAt.clear();
    toldAt.set(key, now);
    return false;
  };

  return {
    publish(operatorId, event) {
      if (tooSoon(operatorId, event)) return;
      const room = roomOf(operatorId);
      const numbered = { id: `${start}-${++count}`, event };
      room.kept.push(numbered);
      if (room.kept.length > KEPT) room.kept.shift();
      for (const listener of room.listeners) listener(numbered);
    },
    subscribe(operatorId, listener) {
      const { listeners } = roomOf(operatorId);
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    since(operatorId, id) {
      const { kept } = roomOf(operatorId);
      const seen = kept.findIndex((numbered) => numbered.id === id);
      return seen < 0 ? null : kept.slice(seen + 1);
    },
    listeners: () => [...byOperator.values()].reduce((sum, room) => sum + room.listeners.size, 0),
  };
}
