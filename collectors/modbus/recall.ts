import type { Instant } from "../../domain/instant.ts";
import type { Period, Zone } from "../../domain/period.ts";
import type { ModbusHistory } from "../../domain/profile.ts";
import { freezesIn, frozenOf } from "../decode/freezes.ts";
import { type Outcome, type ReadRequest, WORDS_MAX } from "./request.ts";
import type { PolledMeter, Sink } from "./sink.ts";

/** `answered`: what the meter keeps of the stretch is on its way to the book, which may be nothing. */
export type RecallOutcome = "answered" | "unreachable" | "nothing_kept";

/** Asks a meter for its freezes of a stretch, several in one request, and hands them over with their own times. */
export async function recall(
  meter: PolledMeter,
  stretch: Period,
  of: { zone: Zone; now: () => Instant; ask: (request: ReadRequest) => Promise<Outcome>; sink: Sink },
): Promise<RecallOutcome> {
  const { history } = meter.profile;
  const wanted = history === undefined ? null : freezesIn(history, stretch, of.now());
  if (history === undefined || wanted === null) return "nothing_kept";
  for (const request of requestsOf(meter.unitId, meter.profile.blockWordsMax ?? WORDS_MAX, history, wanted)) {
    const outcome = await inTime(of.ask(request));
    if (outcome?.kind !== "words") return "unreachable";
    await handOver(meter, history, request, outcome.words, of);
  }
  return "answered";
}

/** An errand waits for a slave that does not answer until it is back: whoever asks does not. Our choice. */
const PATIENCE_MS = 60_000;

function inTime<T>(work: Promise<T>): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), PATIENCE_MS);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

function requestsOf(
  unitId: number,
  wordsMax: number,
  { table, address, stride }: ModbusHistory,
  { first, last }: { first: number; last: number },
): ReadRequest[] {
  const each = Math.max(1, Math.floor(Math.min(wordsMax, WORDS_MAX) / stride));
  const requests: ReadRequest[] = [];
  for (let n = first; n <= last; n += each) {
    const count = Math.min(each, last - n + 1) * stride;
    requests.push({ kind: "read", unitId, table, address: address + (n - 1) * stride, count });
  }
  return requests;
}

async function handOver(
  meter: PolledMeter,
  history: ModbusHistory,
  request: ReadRequest,
  words: Uint16Array,
  { zone, now, sink }: { zone: Zone; now: () => Instant; sink: Sink },
): Promise<void> {
  const begin = 1 + (request.address - history.address) / history.stride;
  for (let i = 0; i * history.stride < words.length; i++) {
    const part = words.subarray(i * history.stride, (i + 1) * history.stride);
    const { samples, refusals } = frozenOf(meter.profile, history, { number: begin + i, words: part }, zone);
    if (samples.length > 0) await sink.samples(meter, samples, now());
    for (const { register, reason, detail } of refusals)
      await sink.refused({
        operatorId: meter.operatorId,
        receivedAt: now(),
        origin: `modbus:${meter.busId}/${meter.unitId}`,
        address: `freeze ${begin + i}, ${register}`,
        reason,
        detail,
        payload: Uint8Array.from(Array.from(part, (word) => [word >>> 8, word & 0xff]).flat()),
      });
  }
}
