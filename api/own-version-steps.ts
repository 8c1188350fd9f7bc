import type { FastifyRequest } from "fastify";
import { CodedError } from "../domain/errors.ts";
import {
  type By,
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

/**
 * Does one step on a version that is held locked: whoever comes second sees what the first did. The request names it by `:id` and by the
 * edition that was seen.
 * @throws CodedError `….state` when the step does not begin there, `….changed` when another edition stands
 */
export const stepOn = <T>(
  api: Api,
  request: FastifyRequest,
  { book, from, json }: { book: VersionBook; from: VersionState; json: (desk: Desk, one: OwnVersion) => Promise<T> },
  work: (desk: Desk, one: OwnVersion) => Promise<void>,
): Promise<T> =>
  atDeskOf(api, request, async (desk) => {
    await book.lockPublication(desk.trx);
    const id = BigInt((request.params as { id: string }).id);
    const one = await ownVersion(desk, book, id, true);
    if (one.state !== from) throw new CodedError(`${book.kind}.state`, `The version is ${one.state}, not ${from}.`);
    const { edition } = request.body as { edition: number };
    if (edition !== one.edition) {
      throw new CodedError(`${book.kind}.changed`, `${one.changed.name} changed it; it is edition ${one.edition} now.`);
    }
    await work(desk, one);
    return json(desk, await ownVersion(desk, book, id));
  });

/** Who proposed it does not publish it. @throws CodedError `….four-eyes`, naming who may */
export async function checkFourEyes(desk: Desk, book: VersionBook, one: OwnVersion, userId: bigint): Promise<void> {
  if (one.proposed?.id !== userId) return;
  const others = await otherManagers(desk.trx, userId);
  throw new CodedError(
    `${book.kind}.four-eyes`,
    others.length === 0
      ? "You proposed it, and there is no other manager: let a clerk propose it, and publish it then."
      : `You proposed it: ${others.join(" or ")} can publish it.`,
  );
}
