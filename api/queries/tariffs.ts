import { withOwnTariffs } from "../../billing/own-tariffs.ts";
import { publicationProblems, replayExample } from "../../billing/publication.ts";
import { differencesOf } from "../../billing/tariff-difference.ts";
import { catalogueTariffs } from "../../billing/tariffs.ts";
import { TARIFFS } from "../../catalog/tariffs/catalogue.ts";
import { type Day, dayOf } from "../../domain/period.ts";
import type { Tariff } from "../../domain/tariff.ts";
import type { Actor, OwnVersion, VersionEvent, VersionState } from "../../ledger/own-versions.ts";
import { billedBeyond, TARIFF_VERSIONS } from "../../ledger/tariffs.ts";
import { atText, type Desk } from "../desk.ts";
import type { TariffDifferenceJson, TariffsJson, TariffVersionJson } from "../schemas/tariff.ts";

/** The version of a tariff that prices a day. */
const inForceOn = (versions: readonly Tariff[], today: Day): Tariff | undefined =>
  versions
    .toSorted((a, b) => (a.effectiveFrom < b.effectiveFrom ? -1 : 1))
    .findLast((one) => one.effectiveFrom <= today && (one.effectiveTo === undefined || one.effectiveTo > today));

const rowOf = (tariff: Tariff, inForce: Tariff | undefined, own: OwnVersion | null) => ({
  id: own === null ? null : String(own.id),
  origin: own === null ? ("catalogue" as const) : ("own" as const),
  tariffId: tariff.id,
  version: tariff.version,
  utility: tariff.utility,
  title: { ...tariff.title },
  state: own === null ? ("published" as VersionState) : own.state,
  effectiveFrom: tariff.effectiveFrom,
  effectiveTo: tariff.effectiveTo ?? null,
  inForce: inForce?.version === tariff.version && (own === null || own.state === "published"),
});

/** Every version of the catalogue and of the operator's own, tariff by tariff, the newest first. */
export async function tariffs(desk: Desk): Promise<TariffsJson> {
  const today = dayOf(desk.now, desk.zone);
  const book = await withOwnTariffs(desk.trx, catalogueTariffs);
  const own = await TARIFF_VERSIONS.versions(desk.trx);
  const force = (id: string) => inForceOn(book(id) ?? [], today);
  const items = [
    ...TARIFFS.map((tariff) => rowOf(tariff, force(tariff.id), null)),
    ...own.map((one) => rowOf(one.document as Tariff, force(one.documentId), one)),
  ];
  items.sort((a, b) =>
    a.tariffId !== b.tariffId ? (a.tariffId < b.tariffId ? -1 : 1) : a.effectiveFrom > b.effectiveFrom ? -1 : 1,
  );
  return { items };
}

/** What stands against its publication, and how many bills it would come too late for. */
export async function judged(desk: Desk, one: OwnVersion): Promise<{ problems: string[]; billed: number }> {
  const tariff = one.document as Tariff;
  if (one.state === "published" || one.state === "withdrawn") return { problems: [], billed: 0 };
  const book = await withOwnTariffs(desk.trx, catalogueTariffs);
  const billed = await billedBeyond(desk.trx, one.documentId, one.effectiveFrom, desk.zone);
  return { problems: standsAgainst(book(one.documentId) ?? [], tariff), billed };
}

/** What stands against publishing a version beside those that are. */
export function standsAgainst(published: readonly Tariff[], tariff: Tariff): string[] {
  const red = (tariff.examples ?? [])
    .map((example) => replayExample(tariff, example))
    .filter(({ differs }) => differs.length > 0);
  const examples = red.map(({ title }) => `examples: ${title} comes to something else`);
  const none = (tariff.examples ?? []).length === 0 ? ["examples: a worked example is needed"] : [];
  return [...publicationProblems(published, tariff), ...none, ...examples];
}

export async function tariffVersionJson(desk: Desk, one: OwnVersion): Promise<TariffVersionJson> {
  const tariff = one.document as Tariff;
  const book = await withOwnTariffs(desk.trx, catalogueTariffs);
  const before = versionBefore(book(one.documentId) ?? [], tariff);
  const { problems, billed } = await judged(desk, one);
  const told = (actor: Actor) => ({ name: actor.name, at: atText(desk, actor.at) });
  const maybe = (actor: Actor | null) => (actor === null ? null : told(actor));
  return {
    ...rowOf(tariff, inForceOn(book(one.documentId) ?? [], dayOf(desk.now, desk.zone)), one),
    id: String(one.id),
    edition: one.edition,
    hash: one.hash,
    document: { ...tariff },
    isCorrection: one.isCorrection,
    reason: one.reason,
    made: told(one.made),
    changed: told(one.changed),
    proposed: maybe(one.proposed),
    approved: maybe(one.approved),
    withdrawn: maybe(one.withdrawn),
    problems,
    billedBeyond: billed,
    examples: replayedExamples(tariff),
    ...differenceJson(before, tariff),
    history: (await TARIFF_VERSIONS.history(desk.trx, one.id)).map((event, i, all) => ({
      deed: event.deed,
      by: told(event.by),
      edition: event.edition,
      reason: event.reason,
      differences: event.deed === "changed" ? differencesJson(documentBefore(all, i), event.document as Tariff) : [],
    })),
  };
}

export const replayedExamples = (tariff: Tariff) =>
  (tariff.examples ?? []).map((example) => {
    const replayed = replayExample(tariff, example);
    return { ...replayed, differs: replayed.differs.map((line) => ({ ...line })) };
  });

/** What was written when a deed changed it. */
const documentBefore = (all: readonly VersionEvent[], i: number): Tariff | null =>
  (all.slice(0, i).findLast(({ document }) => document !== null)?.document as Tariff | undefined) ?? null;

const differencesJson = (before: Tariff | null, after: Tariff): TariffDifferenceJson[] =>
  before === null ? [] : differencesOf(before, after).map(({ path, ...one }) => ({ path: [...path], ...one }));

/** What a version changes of the one before it. */
export const differenceJson = (before: Tariff | null, after: Tariff) => ({
  against: before === null ? null : { version: before.version, effectiveFrom: before.effectiveFrom },
  differences: differencesJson(before, after),
});

/** The published version that one takes the place of; `null` = it is the first. */
export const versionBefore = (published: readonly Tariff[], { effectiveFrom, version }: Tariff): Tariff | null =>
  published
    .filter((one) => one.version !== version && one.effectiveFrom < effectiveFrom)
    .reduce<Tariff | null>((last, one) => (last === null || one.effectiveFrom > last.effectiveFrom ? one : last), null);
