import type { AedesOptions, AuthenticateError, Client } from "aedes";
import type { Complain, Complaint } from "./complaint.ts";
import { remoteOf } from "./complaint.ts";
import { type Bucket, bucket } from "./bucket.ts";
import type { BrokerClient, BrokerLimits, CredentialBook, Message, OnMessage, Verdict } from "./client.ts";
import { isUnderWay, type Session, session } from "./session.ts";
import { signInDesk } from "./sign-in.ts";
import { covers, topicRule } from "../domain/topic.ts";
import { subscriptionsOf } from "./internals.ts";

type Hooks = Required<
  Pick<AedesOptions, "preConnect" | "authenticate" | "authorizePublish" | "authorizeSubscribe" | "authorizeForward">
>;

export type Gate = Hooks & {
  readonly sessionOf: (client: Client) => Session | undefined;
  readonly sessions: ReadonlyMap<string, ReadonlySet<Session>>;
  /** Messages whose commit is awaited. */
  readonly pending: () => number;
  leave(client: Client): void;
  /** From now on messages are neither taken nor acknowledged. */
  close(): void;
};

export type GateSettings<C extends BrokerClient> = {
  readonly credentials: CredentialBook<C>;
  readonly onMessage: OnMessage<C>;
  readonly complain: Complain;
  readonly limits: BrokerLimits;
  readonly now: () => number;
  /** What became of a message, for the metric. */
  readonly count: (outcome: Verdict | "slowed" | "held") => void;
};

/** MQTT 5 CONNACK with reason 0x84, unsupported protocol version (MQTT 5.0, 3.2.2.2). */
const CONNACK_V5_UNSUPPORTED = Buffer.from([0x20, 0x03, 0x00, 0x84, 0x00]);

/** Who may connect, publish and subscribe, as aedes asks it. */
export function gate<C extends BrokerClient>(settings: GateSettings<C>): Gate {
  const { credentials, onMessage, complain, limits, now, count } = settings;
  const signIn = signInDesk(credentials, limits);
  const bySocket = new WeakMap<Client, Session>();
  const byUser = new Map<string, Set<Session>>();
  const buckets = new Map<string, Bucket>();
  const rules = new WeakMap<readonly string[], (topic: string) => boolean>();
  let pending = 0;
  let closed = false;

  const mayPublish = (entry: C, topic: string): boolean => {
    let rule = rules.get(entry.publishFilters);
    if (rule === undefined) rules.set(entry.publishFilters, (rule = topicRule(entry.publishFilters)));
    return rule(topic);
  };

  const bucketOf = (username: string): Bucket => {
    let of = buckets.get(username);
    if (of === undefined) buckets.set(username, (of = bucket(limits.messagesPerSecond, limits.messagesBurst)));
    return of;
  };

  function take(client: Client, entry: C, message: Message, done: (error?: Error | null) => void): void {
    if (closed) return count("held");
    if (!mayPublish(entry, message.topic)) {
      const { topic: address, payload } = message;
      const detail = "this client may not publish to this topic";
      void complain(client, entry, { reason: "topic_not_allowed", detail, address, payload }).then(
        () => answer("refused", done),
        () => answer("unavailable", done),
      );
      pending++;
      return;
    }
    pending++;
    onMessage(entry, message, (verdict) => answer(verdict, done));
  }

  function answer(verdict: Verdict, done: (error?: Error | null) => void): void {
    pending--;
    count(verdict);
    done(verdict === "unavailable" ? new Error("the message could not be kept now") : null);
  }

  const subscribeComplaint = (entry: C, client: Client, filter: string): Complaint | null => {
    if (/^\$share(\/|$)/.test(filter))
      return complaint("unsupported_protocol", "this broker has no shared subscriptions", filter);
    if (filter.startsWith("$") || !entry.subscribeFilters.some((granted) => covers(granted, filter)))
      return complaint("topic_not_allowed", "this client may not subscribe to this filter", filter);
    if (subscriptionsOf(client).length >= limits.subscriptionsMax)
      return complaint("rate_limited", `more than ${limits.subscriptionsMax} subscriptions`, filter);
    return null;
  };

  return {
    sessionOf: (client) => bySocket.get(client),
    sessions: byUser,
    pending: () => pending,
    close: () => {
      closed = true;
    },
    leave(client) {
      const left = bySocket.get(client);
      if (left === undefined) return;
      left.waiting?.settle("not_connected");
      const of = byUser.get(left.username);
      of?.delete(left);
      if (of?.size === 0) byUser.delete(left.username);
    },
    preConnect(client, packet, callback) {
      const known = packet.username === undefined ? undefined : credentials.client(packet.username);
      if (packet.protocolVersion === 5) {
        const detail = "MQTT 5 is not supported: connect with MQTT 3.1.1";
        void complain(client, known, complaint("unsupported_protocol", detail, "CONNECT")).catch(ignore);
        client.conn.end(CONNACK_V5_UNSUPPORTED);
        return;
      }
      // A client id belongs to its user name: nobody takes over a stranger's connection or session by using his id.
      if (packet.clientId !== "") packet.clientId = `${packet.username ?? ""}\u0000${packet.clientId}`;
      callback(null, true);
    },
    authenticate(client, username, password, callback) {
      void signIn(username, password, now()).then((result) => {
        const known = username === undefined ? undefined : credentials.client(username);
        if (client.closed) return;
        if (result === "busy") return callback(refusal(3, "too many sign-ins at once"), null);
        if (result === "wrong" || username === undefined || known === undefined) {
          const detail = `user name ${JSON.stringify((username ?? "").slice(0, 100))} from ${remoteOf(client)}`;
          void complain(client, known, complaint("wrong_credentials", detail, "CONNECT")).catch(ignore);
          return callback(refusal(4, "bad user name or password"), null);
        }
        const of = byUser.get(username) ?? new Set();
        if (of.size >= limits.connectionsPerClientMax) {
          const detail = `more than ${limits.connectionsPerClientMax} connections`;
          void complain(client, known, complaint("rate_limited", detail, "CONNECT")).catch(ignore);
          return callback(refusal(3, detail), null);
        }
        const entered = session(username, client);
        bySocket.set(client, entered);
        byUser.set(username, of.add(entered));
        callback(null, true);
      });
    },
    authorizePublish(client, packet, callback) {
      const from = client === null ? undefined : bySocket.get(client);
      const entry = from === undefined ? undefined : credentials.client(from.username);
      if (client === null || from === undefined || entry === undefined || !entry.enabled)
        return callback(new Error("no longer signed in"));
      const message = packet as Message;
      const waitMs = bucketOf(from.username).take(now());
      if (waitMs === 0) return take(client, entry, message, callback);
      if (waitMs > limits.waitMsMax) {
        const detail = `more than ${limits.messagesPerSecond} messages a second`;
        void complain(client, entry, complaint("rate_limited", detail, packet.topic)).catch(ignore);
        return callback(new Error(detail));
      }
      count("slowed");
      setTimeout(() => {
        if (!client.closed) take(client, entry, message, callback);
      }, waitMs);
    },
    authorizeSubscribe(client, subscription, callback) {
      const from = bySocket.get(client);
      const entry = from === undefined ? undefined : credentials.client(from.username);
      if (entry === undefined) return callback(new Error("no longer signed in"));
      const refused = subscribeComplaint(entry, client, subscription.topic);
      if (refused === null) return callback(null, subscription);
      void complain(client, entry, refused).catch(ignore);
      callback(null, null); // SUBACK 0x80
    },
    authorizeForward(client, packet) {
      const to = bySocket.get(client);
      return to !== undefined && isUnderWay(to, packet.topic, packet.payload) ? packet : null;
    },
  };
}

const complaint = (reason: Complaint["reason"], detail: string, address: string): Complaint => ({
  reason,
  detail,
  address,
});

/** The frame could not be written down; the log has it. */
const ignore = (): void => {};

const refusal = (returnCode: 2 | 3 | 4 | 5, message: string): AuthenticateError =>
  Object.assign(new Error(message), { returnCode: returnCode as AuthenticateError["returnCode"] });
