import { CodedError } from "../../domain/errors.ts";
import { type Instant, instant } from "../../domain/instant.ts";
import { addDays, type Day, dayOf, daysBetween } from "../../domain/period.ts";
import { BILLED_UNIT } from "../../domain/unit.ts";
import { atText, type Desk, quantityOf } from "../desk.ts";
import { TIMELINE_KINDS, type TimelineEntry, type TimelineJson, type TimelineKind } from "../schemas/account.ts";
import { type AccountMeter, metersOfAccount, requireAccount } from "./account.ts";
import { type Closing, closings } from "./closings.ts";
import { billEntries, paymentEntries, supplyEntries, verdictEntries } from "./timeline-sources.ts";

/** Where an entry stands: newest first, at one instant in the order of kinds, then the higher id first. */
export type Position = { readonly at: Instant; readonly rank: number; readonly id: bigint };
export type Placed = Position & { readonly entry: TimelineEntry };
export const rankOf = (kind: TimelineKind): number => TIMELINE_KINDS.indexOf(kind);

const isAfter = (p: Position, c: Position): boolean =>
  p.at !== c.at ? p.at < c.at : p.rank !== c.rank ? p.rank > c.rank : p.id < c.id;

const cursorText = (p: Position): string => `${p.at}.${p.rank}.${p.id}`;

/** Year 2200: later years are not four digits for long. */
const LAST_MS = Date.UTC(2200, 0);

function positionOf(text: string): Position {
  const m = /^(\d{1,15})\.(\d)\.(\d{1,18})$/.exec(text);
  if (m === null || Number(m[1]) > LAST_MS) {
    throw new CodedError("request.invalid", "`before` is the `next` of the page before.");
  }
  return { at: instant(Number(m[1])), rank: Number(m[2]), id: BigInt(m[3] ?? "0") };
}

function kindsOf(text: string | undefined): readonly TimelineKind[] {
  if (text === undefined || text === "") return TIMELINE_KINDS;
  return text.split(",").map((name) => {
    const kind = TIMELINE_KINDS.find((known) => known === name.trim());
    if (kind === undefined) {
      throw new CodedError("request.invalid", `\`kinds\`: not one of ${TIMELINE_KINDS.join(", ")}: ${name}`);
    }
    return kind;
  });
}

/** Everything that happened to an account, newest first, one page. Each source gives its newest; the merge takes the newest of all. */
export async function timeline(
  desk: Desk,
  accountId: bigint,
  query: { before?: string | undefined; limit: number; kinds?: string | undefined },
): Promise<TimelineJson> {
  await requireAccount(desk, accountId);
  const kinds = new Set(kindsOf(query.kinds));
  // Nothing that the service knows is newer than tomorrow; a meter's clock may be ahead by hours.
  const before =
    query.before === undefined ? { at: instant(desk.now + 36 * 3_600_000), rank: 0, id: 0n } : positionOf(query.before);
  const meters = await metersOfAccount(desk, accountId);
  const page = { desk, accountId, meters, before, limit: query.limit + 1 };
  const all: Placed[] = [];
  if (kinds.has("reading")) all.push(...(await readingEntries(page)));
  if (kinds.has("bill")) all.push(...(await billEntries(page)));
  if (kinds.has("payment")) all.push(...(await paymentEntries(page)));
  if (kinds.has("supply")) all.push(...(await supplyEntries(page)));
  if (kinds.has("verdict")) all.push(...(await verdictEntries(page)));
  const sorted = all.toSorted((a, b) => (isAfter(b, a) ? -1 : 1));
  const shown = sorted.slice(0, query.limit);
  const last = shown.at(-1);
  const next = sorted.length > query.limit && last !== undefined ? cursorText(last) : null;
  return { entries: shown.map((placed) => placed.entry), next };
}

export type TimelinePage = {
  readonly desk: Desk;
  readonly accountId: bigint;
  readonly meters: readonly AccountMeter[];
  readonly before: Position;
  readonly limit: number;
};

/** Daily closing values, looked for in growing windows of days until the page is full or the first meter's day is passed. */
async function readingEntries({ desk, meters, before, limit }: TimelinePage): Promise<Placed[]> {
  const found: Placed[] = [];
  if (meters.length === 0) return found;
  const first = meters.map((m) => m.fromDay).reduce((a, b) => (a < b ? a : b));
  let to: Day = addDays(dayOf(before.at, desk.zone), 1);
  let days = Math.max(7, Math.ceil(limit / meters.length));
  while (to > first && found.length < limit) {
    const from = addDays(to, -Math.min(days, daysBetween(first, to)));
    const placed = (await closings(desk, meters, from, to)).map((closing) => readingEntry(desk, closing));
    found.push(...placed.filter((p) => isAfter(p, before)));
    to = from;
    days = Math.min(days * 2, 370);
  }
  return found;
}

function readingEntry(desk: Desk, closing: Closing): Placed {
  const { meter, day, at, value, used } = closing;
  const unit = BILLED_UNIT[meter.utility];
  return {
    at,
    rank: rankOf("reading"),
    id: meter.meterId,
    entry: {
      id: `reading/${meter.meterId}/${day}`,
      at: atText(desk, at),
      kind: "reading",
      day,
      meterId: String(meter.meterId),
      serial: meter.serial,
      utility: meter.utility,
      register: closing.register,
      closing: quantityOf(value, unit),
      used: used === null ? null : quantityOf(used, unit),
    },
  };
}
