import { readCommand, refusalOf, type SignedAck, type SignedCommand, writeAck } from "../../domain/command-envelope.ts";
import { DAY_MS, type Instant, instantOfIso, SECOND_MS } from "../../domain/instant.ts";
import type { Period } from "../../domain/period.ts";
import { isSupplyCommand, type SupplyCommand } from "../../domain/supply-command.ts";
import type { TownClock } from "./clock.ts";
import { positionOf, type RelayOrder } from "./image.ts";
import type { TownMeter } from "./meter.ts";
import { type Message, messageOf, orderAnswer } from "./payload.ts";
import type { TownState } from "./state.ts";

/** Keys that a device holds, by version; a device with one takes no plain order any more. */
export type DeviceSecrets = (serial: string) => ReadonlyMap<number, Uint8Array> | null;

export type EarOptions = {
  readonly state: TownState;
  readonly clock: TownClock;
  readonly secretsOf: DeviceSecrets;
  readonly say: (meter: TownMeter, message: Message) => void;
  /** Carries an order out and calls back when the relay stands. */
  readonly onOrder: (meter: TownMeter, order: RelayOrder, done: () => void) => void;
  /** Tells what was stored. */
  readonly onHistory: (meter: TownMeter, stretch: Period) => void;
};

const KEPT_IDS = 32;
const STORED_MS = 62 * DAY_MS; // its memory
/** The two names that fit relay and valve alike. */
const ACTIONS: Readonly<Record<string, SupplyCommand>> = { disconnect: "trip", connect: "direct_close" };

/** What a device of ours does with what it is told, plain or signed. */
export class CommandEar {
  readonly #options: EarOptions;
  readonly #doneIds: string[] = [];
  readonly #late = new Set<NodeJS.Timeout>();

  constructor(options: EarOptions) {
    this.#options = options;
  }

  hear(meter: TownMeter, payload: Buffer): void {
    const text = payload.toString("utf8");
    if (text.includes('"mac"')) this.#hearSigned(meter, text);
    else this.#hearPlain(meter, text);
  }

  stop(): void {
    for (const timer of this.#late) clearTimeout(timer);
  }

  #hearPlain(meter: TownMeter, text: string): void {
    const command = plainOf(text);
    if (command === null) return;
    const { state, clock, secretsOf } = this.#options;
    if (command.history !== null) return this.#options.onHistory(meter, command.history);
    if (command.status) return this.#options.say(meter, messageOf(meter, state, clock.now()));
    const answer = (said: { result: string } | { error: string }): void =>
      this.#answer(meter, () => orderAnswer(meter, state, clock.now(), { id: command.id, ...said }));
    if (command.action === null) return answer({ error: "unknown action" });
    if (secretsOf(meter.serial) !== null) return answer({ error: "signature wanted" });
    const against = this.#against(meter, command.action);
    if (against !== null) return answer({ error: against });
    // The same order delivered twice is answered twice and carried out once.
    const order = `${meter.serial}/${command.id}`;
    if (this.#doneIds.includes(order)) return answer({ result: "done" });
    this.#doneIds.push(order);
    if (this.#doneIds.length > KEPT_IDS) this.#doneIds.shift();
    this.#options.onOrder(meter, command.action, () => answer({ result: "done" }));
  }

  #hearSigned(meter: TownMeter, text: string): void {
    const { state, clock, secretsOf } = this.#options;
    const secrets = secretsOf(meter.serial);
    const heard = readCommand(text, (version) => secrets?.get(version) ?? null);
    if (heard.kind === "forged") return; // whoever sent it is told nothing
    const { said } = heard;
    const last = state.lastCommandOf(meter.serial);
    const device = { meter: meter.mqtt.deviceKey, now: clock.now() };
    const against = refusalOf(said, { last }, device);
    if (against !== null) return this.#ack(meter, said, against);
    state.keepLastCommand(meter.serial, said.seq); // before it acts: after a power cut it is not done twice
    if (said.command === "status") return this.#ack(meter, said, "");
    const refusal = this.#against(meter, said.command);
    if (refusal !== null) return this.#ack(meter, said, refusal);
    this.#options.onOrder(meter, said.command, () => {
      this.#ack(meter, said, "");
      this.#options.say(meter, messageOf(meter, state, clock.now()));
    });
  }

  #against(meter: TownMeter, command: SupplyCommand): string | null {
    if (command.startsWith("valve") !== (meter.utility !== "electricity")) return "not_supported";
    return command === "trip" && this.#options.state.isProtected(meter.serial) ? "protected" : null;
  }

  #ack(meter: TownMeter, { seq, key }: SignedCommand, reason: string): void {
    const { state, clock, secretsOf } = this.#options;
    const secret = secretsOf(meter.serial)?.get(key);
    if (secret === undefined) return;
    this.#answer(meter, () => {
      const at = clock.now();
      const ack: SignedAck = {
        meter: meter.mqtt.deviceKey,
        seq,
        result: reason === "" ? "done" : "refused",
        reason,
        state: positionOf(meter, state, at),
        at,
        key,
        last: state.lastCommandOf(meter.serial),
      };
      return { topic: `sanbiao/v1/${meter.mqtt.deviceKey}/ack`, payload: writeAck(ack, secret) };
    });
  }

  /** An answer may be lost or late, where a fault wants it so. */
  #answer(meter: TownMeter, message: () => Message): void {
    const { state, clock, say } = this.#options;
    const now = clock.now();
    if (state.faults.at("ack-lost", meter, now) !== null) return;
    if (state.faults.at("ack-late", meter, now) === null) return say(meter, message());
    const said = message();
    const timer = setTimeout(() => {
      this.#late.delete(timer);
      say(meter, said);
    }, state.faults.param("ack-late", "seconds") * SECOND_MS);
    this.#late.add(timer);
  }
}

type Plain = {
  readonly id: string;
  readonly action: SupplyCommand | null;
  readonly status: boolean;
  readonly history: Period | null;
};

function plainOf(text: string): Plain | null {
  try {
    const { id, action, from, to } = JSON.parse(text) as Record<string, unknown>;
    if (typeof id !== "string" && typeof id !== "number") return null;
    const name = typeof action === "string" ? action : "";
    const command = ACTIONS[name] ?? (isSupplyCommand(name) ? name : null);
    const history = name === "history" ? stretchOf(from, to) : null;
    return { id: String(id), action: command, status: name === "status", history };
  } catch {
    return null;
  }
}

/** At most its memory; times that are no times are no question. */
function stretchOf(from: unknown, to: unknown): Period | null {
  const [begin, end] = [from, to].map((text) => (typeof text === "string" ? instantOfIso(text) : null));
  if (begin == null || end == null || begin >= end) return null;
  return { from: Math.max(begin, end - STORED_MS) as Instant, to: end };
}
