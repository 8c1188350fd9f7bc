import type { Evidence, ProfileCandidate } from "../../domain/found.ts";
import type { Instant } from "../../domain/instant.ts";
import type { Zone } from "../../domain/period.ts";
import type { Profile } from "../../domain/profile.ts";
import { decimalText } from "../../domain/quantity.ts";
import type { Sample } from "../../domain/reading.ts";
import { type RegisterName, REGISTERS } from "../../domain/register.ts";
import type { Utility } from "../../domain/unit.ts";
import { sessionOf } from "../decode/dialect.ts";
import { decodeMessage } from "../decode/message.ts";

/** A message as a stranger sent it, and what the tray needs to look at it. */
export type StrangeMessage = { readonly topic: string; readonly payload: Uint8Array };
export type Lookup = {
  /** Of the client, in the order in which they are tried. */
  readonly profileIds: readonly string[];
  readonly profiles: ReadonlyMap<string, Profile>;
  readonly receivedAt: Instant;
  readonly zone: Zone | undefined;
};

/** Values shown with a candidate: enough to recognise a meter by its dial. */
const SAMPLE_MAX = 12;

/**
 * Which profiles read this message of this device, the likeliest first: the client's own in their order (the first of them is the one
 * that will be used), then all others, the one that reads most counters first. `heard`: what a dialect with memory made of it.
 */
export function candidatesOf(
  { topic, payload }: StrangeMessage,
  deviceKey: string,
  heard: readonly Sample[],
  { profileIds, profiles, receivedAt, zone }: Lookup,
): ProfileCandidate[] {
  const own: ProfileCandidate[] = [];
  const others: ProfileCandidate[] = [];
  for (const profile of inOrder(profileIds, profiles)) {
    const samples =
      profile.kind === "mqtt"
        ? samplesBy(decodeMessage(profile, topic, payload, receivedAt, zone), deviceKey)
        : profile.kind === "dialect" && profileIds.includes(profile.id) && sessionOf(profile, topic) !== null
          ? heard
          : [];
    if (samples.length === 0) continue;
    const isOwn = profileIds.includes(profile.id);
    (isOwn ? own : others).push(candidateOf(profile, samples, isOwn ? "client_profile" : "reads"));
  }
  return [...own, ...others.toSorted((a, b) => counters(b) - counters(a))];
}

/**
 * Every device that a profile outside the client's list reads in a message which none of the client's reads. `by`: only this profile is
 * tried, which read the topic before; candidates are then left as they were.
 */
export function strangersIn(message: StrangeMessage, lookup: Lookup, by?: string): Map<string, ProfileCandidate[]> {
  const keys = new Set<string>();
  for (const profile of lookup.profiles.values()) {
    if (profile.kind !== "mqtt" || (by !== undefined && profile.id !== by)) continue;
    const decoded = decodeMessage(profile, message.topic, message.payload, lookup.receivedAt, lookup.zone);
    if (decoded.kind === "refused") continue;
    for (const { device, samples } of decoded.messages) if (device !== null && samples.length > 0) keys.add(device);
  }
  return new Map([...keys].map((key) => [key, by === undefined ? candidatesOf(message, key, [], lookup) : []]));
}

function* inOrder(ids: readonly string[], profiles: ReadonlyMap<string, Profile>): Generator<Profile> {
  for (const id of ids) {
    const profile = profiles.get(id);
    if (profile !== undefined) yield profile;
  }
  for (const profile of profiles.values()) if (!ids.includes(profile.id)) yield profile;
}

const samplesBy = (decoded: ReturnType<typeof decodeMessage>, deviceKey: string): Sample[] =>
  decoded.kind === "refused"
    ? []
    : decoded.messages.filter(({ device }) => (device ?? "") === deviceKey).flatMap(({ samples }) => samples);

function candidateOf(profile: Profile, samples: readonly Sample[], kind: Evidence["kind"]): ProfileCandidate {
  const last = new Map(samples.map((sample) => [sample.register, sample]));
  const shown = [...last.values()].slice(0, SAMPLE_MAX);
  return {
    profileId: profile.id,
    utility: utilityOf(profile, [...last.keys()]),
    evidence: [{ kind, detail: [...last.keys()].slice(0, SAMPLE_MAX).join(", ") }],
    sample: shown.map(({ register, value }) => {
      const { unit } = REGISTERS[register];
      return { register, value: unit === "state" ? String(value) : decimalText(value), unit };
    }),
  };
}

const counters = ({ sample }: ProfileCandidate): number =>
  sample.filter(({ register }) => REGISTERS[register].kind === "cumulative").length;

/** What only one utility counts. Cubic metres may be gas or water: nobody guesses. */
const ONLY: readonly [RegExp, Utility][] = [
  [/^(energy|reactive)_/, "electricity"],
  [/^(heat|cooling)_/, "heat"],
];

function utilityOf({ utilities }: Profile, registers: readonly RegisterName[]): Utility | null {
  if (utilities.length === 1) return utilities[0] ?? null;
  for (const [pattern, utility] of ONLY)
    if (utilities.includes(utility) && registers.some((register) => pattern.test(register))) return utility;
  return null;
}
