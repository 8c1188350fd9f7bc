import type { Logger } from "pino";
import { readAck, writeCommand } from "../../domain/command-envelope.ts";
import { type Clock, instant, SECOND_MS } from "../../domain/instant.ts";
import type { MqttCommand, MqttControl } from "../../domain/profile.ts";
import type { MeterId, Reading } from "../../domain/reading.ts";
import { REGISTERS } from "../../domain/register.ts";
import { type CommandOutcome, commandFor, isSupplyCommand, type SupplyCommand } from "../../domain/supply-command.ts";
import type { Telemetry } from "../../domain/telemetry.ts";
import type { DeviceCommands, DeviceKey } from "../../ledger/device-commands.ts";
import type { CommandAnswer } from "../decode/decoded.ts";
import type { ClientEntry, MeterEntry } from "../directory.ts";
import type { Wish, WishDetail } from "../modbus/order.ts";

/** A device has so long to answer; what its state says later still counts, the answer does not. */
const ANSWER_MS = 3_000;
/** A state that has not come by itself is asked for: soon, then once more before the sender loses patience. */
const STATUS_AFTER_MS: readonly number[] = [500, 1_500];
/** A signed command is stale after this: a cut that comes late could come after the payment. */
const EXPIRES_MS = 30 * SECOND_MS;

export type CommandSettings = {
  /** Hands a message to the device's connection. `unreachable`: surely not delivered. */
  readonly publish: (meter: MeterEntry, message: MqttCommand) => Promise<"sent" | "unreachable">;
  readonly controlOf: (meter: MeterEntry) => MqttControl | undefined;
  /** Absent: no meter has a key. */
  readonly keys?: DeviceCommands;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly log: Logger;
  readonly times?: CommandTimes;
};

/** How long a device may take to answer, and when its state is asked for; absent: as above. Looked at for each command. */
export type CommandTimes = { readonly answerMs?: number; readonly statusAfterMs?: readonly number[] };

type Pending = {
  readonly meter: MeterEntry;
  readonly id: string;
  readonly keys: readonly DeviceKey[] | null;
  readonly settle: (outcome: CommandOutcome) => void;
};

/** Commands over MQTT: what is said, whose answer counts, and the question after the state, which alone proves anything. */
export class MqttCommands {
  readonly #settings: CommandSettings;
  readonly #pending = new Map<string, Pending>();
  readonly #asking = new Map<MeterId, NodeJS.Timeout[]>();
  #lastId = 0;

  constructor(settings: CommandSettings) {
    this.#settings = settings;
  }

  async send(meter: MeterEntry, wish: Wish, detail: WishDetail = {}): Promise<CommandOutcome> {
    const control = this.#settings.controlOf(meter);
    const command = isSupplyCommand(wish) ? wish : control === undefined ? null : commandFor(wish, control, detail.cut);
    const words = command === null ? undefined : control?.commands[command];
    if (control === undefined || command === null || words === undefined || meter.deviceKey === null)
      return {
        kind: "refused",
        reason: "not_supported",
        detail: `${meter.profileId} does not know ${command ?? wish}`,
      };
    const keys =
      control.signedTopic === undefined
        ? null
        : ((await this.#settings.keys?.keysOf(meter.operatorId, meter.id)) ?? null);
    const saying =
      keys === null
        ? this.#plain(meter, words, detail.percent)
        : await this.#signed(meter, control.signedTopic ?? "", command, keys, detail.percent);
    return this.#deliver(meter, control, saying, keys);
  }

  /** Answers from the wire. One that nobody waits for (older, doubled, forged) changes nothing. */
  answered(client: ClientEntry, answers: readonly CommandAnswer[]): void {
    for (const answer of answers) {
      const meter = answer.device === null ? onlyOf(client) : client.meters.get(answer.device);
      const pending = meter === undefined ? undefined : this.#pending.get(keyOf(meter.id, answer.id));
      if (meter === undefined || pending === undefined) this.#passOver(answer, "nobody waits for it");
      else this.#take(pending, answer);
    }
  }

  /** A state was booked: it need not be asked for any more. */
  heard(readings: readonly Reading[]): void {
    for (const { meterId, register } of readings)
      if (register === REGISTERS.relay_state.code || register === REGISTERS.valve_state.code) this.#stopAsking(meterId);
  }

  stop(): void {
    for (const meterId of this.#asking.keys()) this.#stopAsking(meterId);
    for (const { settle } of this.#pending.values()) settle({ kind: "accepted", by: "wire" });
  }

  async #deliver(
    meter: MeterEntry,
    control: MqttControl,
    { id, message }: Saying,
    keys: readonly DeviceKey[] | null,
  ): Promise<CommandOutcome> {
    const waits = keys !== null || control.answers === true;
    const { promise, resolve } = Promise.withResolvers<CommandOutcome>();
    const key = keyOf(meter.id, id);
    // Before it leaves: an answer may be back before the broker's acknowledgement is.
    if (waits) this.#pending.set(key, { meter, id, keys, settle: resolve });
    this.#askLater(meter, control.status);
    const delivered = await this.#settings.publish(meter, message);
    if (delivered === "unreachable") {
      this.#pending.delete(key);
      this.#stopAsking(meter.id);
      return { kind: "unreachable", detail: "the device does not listen now" };
    }
    if (!waits) return { kind: "accepted", by: "wire" };
    const timer = setTimeout(
      () => resolve({ kind: "accepted", by: "wire" }),
      this.#settings.times?.answerMs ?? ANSWER_MS,
    );
    return promise.finally(() => {
      clearTimeout(timer);
      this.#pending.delete(key);
    });
  }

  #plain(meter: MeterEntry, words: MqttCommand, percent: number | undefined): Saying {
    const id = String((this.#lastId = Math.max(this.#lastId + 1, this.#settings.clock.now())));
    return { id, message: filled(words, meter, { id, percent: percent === undefined ? "" : String(percent) }) };
  }

  async #signed(
    meter: MeterEntry,
    topic: string,
    command: SupplyCommand | "status",
    keys: readonly DeviceKey[],
    percent?: number,
  ): Promise<Saying> {
    const [key] = keys;
    if (key === undefined || this.#settings.keys === undefined) throw new Error("a signed command without a key");
    const issued = this.#settings.clock.now();
    const expires = instant(issued + EXPIRES_MS);
    const seq = await this.#settings.keys.take(meter.operatorId, {
      meterId: meter.id,
      command,
      issued,
      expires,
      keyVersion: key.version,
    });
    const said = { meter: meter.deviceKey ?? "", seq, command, issued, expires, key: key.version };
    const payload = writeCommand(percent === undefined ? said : { ...said, percent }, key.secret);
    return { id: String(seq), message: { topic: filled({ topic, payload: "" }, meter, {}).topic, payload } };
  }

  #take(pending: Pending, answer: CommandAnswer): void {
    const { meter, keys, settle, id } = pending;
    if (keys === null) return settle(outcomeOf(answer.error));
    const ack = readAck(answer.body, (version) => keys.find((key) => key.version === version)?.secret ?? null);
    if (ack.kind === "forged") return this.#passOver(answer, ack.why);
    const { said } = ack;
    if (said.meter !== meter.deviceKey || String(said.seq) !== id)
      return this.#passOver(answer, "signed for something else");
    if (said.reason === "replay") void this.#settings.keys?.lift(meter.operatorId, meter.id, said.last);
    settle(outcomeOf(said.result === "refused" ? said.reason : null));
  }

  #passOver({ device, id }: CommandAnswer, why: string): void {
    this.#settings.telemetry.count("sanbiao_command_answers_total", { outcome: "ignored" });
    this.#settings.log.warn({ device, id, why }, "an answer to a command was ignored");
  }

  #askLater(meter: MeterEntry, status: MqttCommand | undefined): void {
    this.#stopAsking(meter.id);
    if (status === undefined) return;
    const ask = (): void => {
      const id = String((this.#lastId = Math.max(this.#lastId + 1, this.#settings.clock.now())));
      void this.#settings.publish(meter, filled(status, meter, { id })).catch((err: unknown) => {
        this.#settings.log.warn({ err, meter: String(meter.id) }, "a device could not be asked for its state");
      });
    };
    this.#asking.set(
      meter.id,
      (this.#settings.times?.statusAfterMs ?? STATUS_AFTER_MS).map((ms) => setTimeout(ask, ms)),
    );
  }

  #stopAsking(meterId: MeterId): void {
    for (const timer of this.#asking.get(meterId) ?? []) clearTimeout(timer);
    this.#asking.delete(meterId);
  }
}

type Saying = { readonly id: string; readonly message: MqttCommand };

const keyOf = (meterId: MeterId, id: string): string => `${meterId}/${id}`;
const onlyOf = ({ meters }: ClientEntry): MeterEntry | undefined =>
  meters.size === 1 ? meters.values().next().value : undefined;

const outcomeOf = (error: string | null): CommandOutcome =>
  error === null ? { kind: "accepted", by: "device" } : { kind: "refused", reason: "device", detail: error };

function filled(words: MqttCommand, meter: MeterEntry, values: Readonly<Record<string, string>>): MqttCommand {
  const fill = (text: string): string =>
    Object.entries({ device: meter.deviceKey ?? "", ...values }).reduce(
      (done, [name, value]) => done.replaceAll(`{${name}}`, value),
      text,
    );
  return { topic: fill(words.topic), payload: fill(words.payload) };
}
