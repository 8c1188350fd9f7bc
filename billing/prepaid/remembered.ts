import { type Clock, type Instant, MINUTE_MS } from "../../domain/instant.ts";
import type { OperatorId } from "../../domain/reading.ts";

/** What decides nothing may be a minute old. Our choice. */
const REMEMBERED_MS = MINUTE_MS;

/** What is read of an operator once a minute at most, whoever asks; what failed is read again. `by`: what it is read with. */
export function remembered<T, By = void>(
  clock: Clock,
  read: (operatorId: OperatorId, now: Instant, by: By) => Promise<T>,
): (operatorId: OperatorId, by: By) => Promise<T> {
  const kept = new Map<OperatorId, { readonly at: Instant; readonly known: Promise<T> }>();
  return (operatorId, by) => {
    const now = clock.now();
    const last = kept.get(operatorId);
    if (last !== undefined && now - last.at < REMEMBERED_MS && now >= last.at) return last.known;
    const known = read(operatorId, now, by);
    kept.set(operatorId, { at: now, known });
    known.catch(() => kept.delete(operatorId));
    return known;
  };
}
