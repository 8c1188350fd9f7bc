import type {
  AnswerJson,
  EntryBody,
  ManualReadingsBody,
  ManualReadingsJson,
} from "../../../api/schemas/reading-route.ts";
import { ApiError, ask, urlOf } from "../api/client.ts";
import { allEntries, dropEntry, dropPhoto, type KeptEntry, keep, kept, photoOf, putEntry, putPhoto } from "./store.ts";

/** How a round of sending ended. */
export type Sent =
  | { readonly kind: "done"; readonly clockWrongSeconds: number | null }
  /** The line or the service is away: later. */
  | { readonly kind: "away" }
  | { readonly kind: "signed_out" }
  /** Somebody else is signed in on this phone. */
  | { readonly kind: "other_reader" };

/** Within the service's 64 KB and 50 entries. */
const BATCH = 20;

class Stop extends Error {
  readonly sent: Sent;
  constructor(sent: Sent) {
    super(sent.kind);
    this.sent = sent;
  }
}

/** Sends what waits of this reader. One at a time over all open pages; and if not, the ids keep it to once. */
export async function send(owner: string): Promise<Sent> {
  const work = () => sendAll(owner);
  // Absent on a page without HTTPS.
  const locks = (navigator as Partial<Navigator>).locks;
  return locks === undefined ? work() : locks.request("sanbiao-outbox", work);
}

async function sendAll(owner: string): Promise<Sent> {
  let clockWrongSeconds: number | null = null;
  try {
    const waiting = (await allEntries())
      .filter((entry) => entry.owner === owner && entry.state === "waiting")
      .toSorted((a, b) => (a.measuredAt < b.measuredAt ? -1 : 1));
    for (const ofRoute of Map.groupBy(waiting, (entry) => entry.routeId).values()) {
      for (let i = 0; i < ofRoute.length; i += BATCH) {
        const { clockWrong, clockOffsetSeconds } = await sendBatch(owner, ofRoute.slice(i, i + BATCH));
        clockWrongSeconds = clockWrong ? clockOffsetSeconds : null;
      }
    }
  } catch (error) {
    if (error instanceof Stop) return error.sent;
    throw error;
  }
  return { kind: "done", clockWrongSeconds };
}

const NOTHING = { clockWrong: false, clockOffsetSeconds: 0 };

async function sendBatch(
  owner: string,
  entries: readonly KeptEntry[],
): Promise<Pick<ManualReadingsJson, "clockWrong" | "clockOffsetSeconds">> {
  const ready: { entry: KeptEntry; body: EntryBody }[] = [];
  for (const entry of entries) {
    const photo = await photoSent(entry);
    if (photo !== null) ready.push({ entry, body: bodyOf(entry, photo.reference) });
  }
  const [first] = ready;
  if (first === undefined) return NOTHING;
  const reader = owner.slice(owner.indexOf("/") + 1);
  const body: ManualReadingsBody = {
    reader,
    phoneNow: new Date().toISOString(),
    routeId: first.entry.routeId,
    entries: ready.map((one) => one.body),
  };
  let reply: ManualReadingsJson;
  try {
    reply = await ask<ManualReadingsJson>("/readings/manual", { method: "POST", body });
  } catch (error) {
    stopUnlessOurs(error);
    if (ready.length === 1) {
      await putEntry({ ...first.entry, state: "stuck", answer: REFUSED });
      return NOTHING;
    }
    // One of them makes the whole request unreadable: each by itself, so that it holds up no other.
    for (const { entry } of ready) await sendBatch(owner, [entry]);
    return NOTHING;
  }
  const byId = new Map(reply.answers.map((answer) => [answer.id, answer]));
  for (const { entry } of ready) {
    const answer = byId.get(entry.id);
    if (answer !== undefined) await settle(entry, answer);
  }
  return reply;
}

const REFUSED = { outcome: "refused", reason: null, expected: null, booked: null } as const;

const bodyOf = (entry: KeptEntry, photo: string | null): EntryBody => ({
  id: entry.id,
  meterId: entry.meterId,
  value: entry.value,
  skip: entry.skip,
  measuredAt: entry.measuredAt,
  note: entry.note,
  photo,
  confirmed: entry.confirmed,
});

/** What the service says of the whole request and not of an entry. @throws Stop */
function stopUnlessOurs(error: unknown): void {
  if (!(error instanceof ApiError)) throw error;
  const { status, code } = error.problem;
  if (status === 401) throw new Stop({ kind: "signed_out" });
  if (code === "reading.other-reader") throw new Stop({ kind: "other_reader" });
  if (status === 0 || status === 403 || status === 429 || status >= 500) throw new Stop({ kind: "away" });
}

/** The reference of an entry's photo, sent first if the service has it not yet; `null`: the service does not take it. */
async function photoSent(entry: KeptEntry): Promise<{ readonly reference: string | null } | null> {
  const photo = entry.photoId === null ? undefined : await photoOf(entry.photoId);
  if (photo === undefined) return { reference: null };
  if (photo.photo !== null) return { reference: photo.photo };
  let response: Response;
  try {
    response = await fetch(urlOf("/photos", { takenAt: photo.takenAt }), {
      method: "POST",
      credentials: "same-origin",
      headers: { "content-type": photo.mime },
      body: photo.bytes,
    });
  } catch {
    throw new Stop({ kind: "away" });
  }
  if (response.ok) {
    const { photo: reference } = (await response.json()) as { photo: string };
    await putPhoto({ ...photo, photo: reference });
    return { reference };
  }
  if (response.status === 401) throw new Stop({ kind: "signed_out" });
  if (response.status === 429 || response.status >= 500) throw new Stop({ kind: "away" });
  await putEntry({ ...entry, state: "stuck", answer: { ...REFUSED, reason: "unknown_photo" } });
  return null;
}

/** What is in the books leaves the phone; what is not stays, with the reason. */
async function settle(entry: KeptEntry, answer: AnswerJson): Promise<void> {
  const { outcome, reason, expected, booked } = answer;
  const isKept = outcome === "accepted" || outcome === "already" || outcome === "conflict";
  if (isKept && answer.entry !== null) await showInRoute(entry, answer);
  if (isKept && entry.photoId !== null) await dropPhoto(entry.photoId);
  if (outcome === "accepted" || outcome === "already") return dropEntry(entry.id);
  // It was mended or thrown away while it was on its way.
  if (!(await allEntries()).some((one) => one.id === entry.id)) return;
  const state = outcome === "conflict" ? "conflict" : "stuck";
  await putEntry({ ...entry, state, answer: { outcome, reason, expected, booked } });
}

/** The kept route shows it before it is fetched again. */
async function showInRoute({ owner, routeId, meterId }: KeptEntry, { entry }: AnswerJson): Promise<void> {
  const key = `route/${owner}/${routeId}` as const;
  const route = await kept(key);
  if (route === undefined || entry === null) return;
  const items = route.items.map((stop) =>
    stop.meter?.id !== meterId || stop.entries.some(({ id }) => id === entry.id)
      ? stop
      : { ...stop, entries: [...stop.entries, entry] },
  );
  await keep(key, { ...route, items });
}
