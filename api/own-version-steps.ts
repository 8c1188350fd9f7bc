import type { FastifyRequest } from "fastify";
import { CodedError } from "../domain/errors.ts";
import { dayOf } from "../domain/period.ts";
import {
  type By,
  type NamedDocument,
  type OwnVersion,
  otherManagers,
  type VersionBook,
  type VersionState,
} from "../ledger/own-versions.ts";
import { principalOfRequest } from "./access.ts";
import type { Desk } from "./desk.ts";
import { type Api, atDeskOf } from "./routes/route.ts";

/** Who does it, and when. */
export const byOf = (api: Api, request: FastifyRequest): By => ({
  by: principalOfRequest(request).userId,
  at: api.clock.now(),
});

/** One of the operator's own versions, locked for a change when asked so. @throws CodedError `request.not-found` */
export async function ownVersion(desk: Desk, book: VersionBook, id: bigint, lock = false): Promise<OwnVersion> {
  const [one] = await book.versions(desk.trx, id, lock);
  if (one === undefined) throw new CodedError("request.not-found", `There is no ${book.kind} version ${id}.`);
  return one;
}

/** What a kind of version has of its own; all else is the same for every kind. */
export type VersionRules<Document extends NamedDocument, Json> = {
  readonly book: VersionBook;
  readonly json: (desk: Desk, one: OwnVersion) => Promise<Json>;
  /** Judges it by the language. @throws CodedError `….invalid` */
  readonly parse: (document: unknown) => Document;
  /** The published versions of an id, the catalogue's included, oldest first. */
  readonly published: (desk: Desk, id: string) => Promise<readonly Document[]>;
  /** @throws CodedError `….refused`, naming what stands against publishing it */
  readonly checkPublishable: (desk: Desk, one: OwnVersion) => Promise<void>;
};

/** A draft as it is asked for: a document, or a copy of a published version with a name and a first day of its own. */
export type DraftAsked = {
  document?: unknown;
  copyOf?: string | undefined;
  id?: string | undefined;
  version?: string | undefined;
  effectiveFrom?: string | undefined;
};

type Words = { readonly isCorrection?: boolean; readonly reason: string };

/** The way of an own version: drafted, proposed, published by another, withdrawn before its first day. */
export class VersionSteps<Document extends NamedDocument, Json> {
  readonly #api: Api;
  readonly #rules: VersionRules<Document, Json>;

  constructor(api: Api, rules: VersionRules<Document, Json>) {
    this.#api = api;
    this.#rules = rules;
  }

  draft(request: FastifyRequest, asked: DraftAsked): Promise<Json> {
    const { book, json } = this.#rules;
    return atDeskOf(this.#api, request, async (desk) => {
      const document = await this.#documentOf(desk, asked);
      const id = await book.writeDraft(desk.trx, document, byOf(this.#api, request));
      if (id === null)
        throw this.#refused(`${document.id} has a version ${document.version} already: name it otherwise.`);
      return json(desk, await ownVersion(desk, book, id));
    });
  }

  change(request: FastifyRequest, asked: unknown): Promise<Json> {
    return this.#step(request, "draft", async (desk, one) => {
      const document = this.#rules.parse(asked);
      if (document.id !== one.documentId || document.version !== one.version)
        throw this.#refused(`A draft keeps its name: ${one.documentId}@${one.version}.`);
      await this.#rules.book.changeDraft(desk.trx, one.id, document, byOf(this.#api, request));
    });
  }

  propose(request: FastifyRequest, words: Words): Promise<Json> {
    return this.#step(request, "draft", async (desk, one) => {
      if (words.isCorrection === true && words.reason === "") throw this.#refused("A correction says why.");
      await this.#rules.checkPublishable(desk, { ...one, isCorrection: words.isCorrection ?? one.isCorrection });
      await this.#rules.book.step(desk.trx, one.id, { to: "proposed", ...words }, byOf(this.#api, request));
    });
  }

  sendBack(request: FastifyRequest, reason: string): Promise<Json> {
    return this.#step(request, "proposed", async (desk, one) => {
      if (reason === "" && one.proposed?.id !== principalOfRequest(request).userId)
        throw this.#refused("Say why you send back what another proposed.");
      await this.#rules.book.step(desk.trx, one.id, { to: "draft", reason }, byOf(this.#api, request));
    });
  }

  publish(request: FastifyRequest): Promise<Json> {
    const { book, checkPublishable } = this.#rules;
    return this.#step(request, "proposed", async (desk, one) => {
      await checkFourEyes(desk, book, one, principalOfRequest(request).userId);
      await checkPublishable(desk, one);
      await book.step(desk.trx, one.id, { to: "published" }, byOf(this.#api, request));
    });
  }

  withdraw(request: FastifyRequest): Promise<Json> {
    const { book } = this.#rules;
    return this.#step(request, "published", async (desk, one) => {
      if (one.effectiveFrom <= dayOf(desk.now, desk.zone)) {
        const message = `It is in force since ${one.effectiveFrom}: publish another version.`;
        throw new CodedError(`${book.kind}.state`, message);
      }
      await book.step(desk.trx, one.id, { to: "withdrawn" }, byOf(this.#api, request));
    });
  }

  #refused(message: string): CodedError {
    return new CodedError(`${this.#rules.book.kind}.refused`, message);
  }

  /** Judged by the language's schema either way. */
  async #documentOf(desk: Desk, { document, copyOf, id: own, version, effectiveFrom }: DraftAsked): Promise<Document> {
    if ((document === undefined) === (copyOf === undefined))
      throw new CodedError("request.invalid", "Give either `document` or `copyOf`.");
    if (copyOf === undefined) return this.#rules.parse(document);
    const [id = "", of] = copyOf.split("@");
    const original = (await this.#rules.published(desk, id)).findLast((one) => of === undefined || one.version === of);
    if (original === undefined) throw new CodedError("request.not-found", `There is no published version ${copyOf}.`);
    if (version === undefined || effectiveFrom === undefined)
      throw new CodedError("request.invalid", "A copy needs a `version` and its first day `effectiveFrom`.");
    const { effectiveTo: _, ...rest } = original as Document & { readonly effectiveTo?: string };
    return this.#rules.parse({ ...rest, ...(own === undefined ? {} : { id: own }), version, effectiveFrom });
  }

  /**
   * One step on a version that is held locked: whoever comes second sees what the first did. The request names it by `:id` and by the
   * edition that was seen.
   * @throws CodedError `….state` when the step does not begin there, `….changed` when another edition stands
   */
  #step(
    request: FastifyRequest,
    from: VersionState,
    work: (desk: Desk, one: OwnVersion) => Promise<void>,
  ): Promise<Json> {
    const { book, json } = this.#rules;
    return atDeskOf(this.#api, request, async (desk) => {
      await book.lockPublication(desk.trx);
      const id = BigInt((request.params as { id: string }).id);
      const one = await ownVersion(desk, book, id, true);
      if (one.state !== from) throw new CodedError(`${book.kind}.state`, `The version is ${one.state}, not ${from}.`);
      const { edition } = request.body as { edition: number };
      if (edition !== one.edition) {
        const message = `${one.changed.name} changed it; it is edition ${one.edition} now.`;
        throw new CodedError(`${book.kind}.changed`, message);
      }
      await work(desk, one);
      return json(desk, await ownVersion(desk, book, id));
    });
  }
}

/** Who proposed it does not publish it. @throws CodedError `….four-eyes`, naming who may */
async function checkFourEyes(desk: Desk, book: VersionBook, one: OwnVersion, userId: bigint): Promise<void> {
  if (one.proposed?.id !== userId) return;
  const others = await otherManagers(desk.trx, userId);
  throw new CodedError(
    `${book.kind}.four-eyes`,
    others.length === 0
      ? "You proposed it, and there is no other manager: let a clerk propose it, and publish it then."
      : `You proposed it: ${others.join(" or ")} can publish it.`,
  );
}
