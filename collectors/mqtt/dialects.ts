import type { Instant } from "../../domain/instant.ts";
import type { DialectProfile } from "../../domain/profile.ts";
import { type Decoded, refused } from "../decode/decoded.ts";
import { type Ask, type DialectMessage, type DialectState, sessionOf, stepDialect } from "../decode/dialect.ts";

/** Edge nodes and devices remembered; the one unheard for longest is forgotten, and says who it is when it is asked. */
const SESSIONS_MAX = 10_000;

/** What each edge node or device of each client has said so far, in memory: after a restart it is asked for, or said anew. */
export function dialectSessions() {
  const sessions = new Map<string, DialectState>();
  return {
    read(
      clientId: bigint,
      profile: DialectProfile,
      message: DialectMessage,
      receivedAt: Instant,
    ): { decoded: Decoded; asks: readonly Ask[] } {
      const of = message.topic.length > 512 ? null : sessionOf(profile, message.topic);
      if (of === null) return { decoded: refused("unknown_topic", `${profile.id} does not read this topic`), asks: [] };
      const key = `${clientId}/${profile.id}/${of}`;
      const { state, decoded, asks } = stepDialect(profile, sessions.get(key) ?? null, message, receivedAt);
      sessions.delete(key);
      if (state !== null) sessions.set(key, state);
      const oldest = sessions.size > SESSIONS_MAX ? sessions.keys().next().value : undefined;
      if (oldest !== undefined) sessions.delete(oldest);
      return { decoded, asks };
    },
  };
}
