import { randomUUID } from "node:crypto";
import { connect, type IClientOptions, type MqttClient } from "mqtt";
import { CodedError } from "../../domain/errors.ts";

/** What a broker can do, as it was seen doing it. */
export type BrokerAbilities = { readonly protocolVersion: 4 | 5; readonly shared: boolean };

const PROBE_MS = 2_000; // a broker on the same site answers within milliseconds

/**
 * Connects (MQTT 5, else 3.1.1) and tries a shared subscription with a real message: some brokers grant `$share/…` and then
 * deliver nothing, so that only a message that arrives proves it.
 * @throws CodedError broker.unreachable
 */
export async function probeBroker(url: string, options: IClientOptions = {}): Promise<BrokerAbilities> {
  let first: unknown = null;
  for (const protocolVersion of [5, 4] as const) {
    const clientId = `sanbiao-probe-${randomUUID().slice(0, 8)}`;
    const client = connect(url, { ...options, clientId, protocolVersion, clean: true, reconnectPeriod: 0 });
    try {
      await welcomed(client);
      return { protocolVersion, shared: await hasShared(client) };
    } catch (error) {
      first ??= error;
    } finally {
      client.end(true);
    }
  }
  const why = first instanceof Error ? first.message : String(first);
  throw new CodedError("broker.unreachable", `the broker at ${withoutPassword(url)} does not let us in: ${why}`, {
    cause: first,
  });
}

const withoutPassword = (url: string): string => url.replace(/\/\/[^@/]*@/, "//…@");

const welcomed = (client: MqttClient): Promise<void> =>
  new Promise((resolve, reject) => {
    client.once("connect", () => resolve());
    client.on("error", reject);
    client.once("close", () => reject(new Error("the connection was closed")));
  });

async function hasShared(client: MqttClient): Promise<boolean> {
  const topic = `sanbiao/probe/${randomUUID()}`;
  const heard = new Promise<boolean>((resolve) => {
    client.once("message", () => resolve(true));
    client.once("close", () => resolve(false));
    setTimeout(() => resolve(false), PROBE_MS).unref();
  });
  try {
    const granted = await client.subscribeAsync(`$share/sanbiao-probe/${topic}`, { qos: 1 });
    if (granted.some((g) => g.qos >= 128)) return false;
    await client.publishAsync(topic, "probe", { qos: 1 });
  } catch {
    return false; // refused in words
  }
  return heard;
}
