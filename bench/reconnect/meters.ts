/**
 * The station's meters in a process of their own, many behind each gateway's connection. Each says energy and relay every
 * `everyMs`; one that is told to connect does so after `relayMs` and says so. Tells the parent when which order arrived.
 *   meters.ts PORT HOMES GATEWAYS DARK EVERY_MS RELAY_MS
 */
import mqtt, { type MqttClient } from "mqtt";
import { KWH_NOW, PASSWORD } from "./station.ts";

const [port = 0, homes = 0, gateways = 0, dark = 0, everyMs = 0, relayMs = 0] = process.argv.slice(2).map(Number);
const TICK_MS = 20;

/** An order on its meter's wire: which home, and when on this machine's monotonic clock (ns as text). */
export type Heard = { readonly home: number; readonly action: string; readonly atNs: string };

const isOn = new Map<number, boolean>();
const kwh = new Map<number, number>();

function say(client: MqttClient, home: number, command?: { id: string; result: string }): void {
  const payload = JSON.stringify({
    t: new Date().toISOString(),
    energy_import_kwh: (kwh.get(home) ?? KWH_NOW).toFixed(4),
    relay_state: isOn.get(home) === true ? "connected" : "disconnected",
    ...(command === undefined ? {} : { command }),
  });
  client.publish(`sanbiao/v1/e-${home}/readings`, payload, { qos: 1 });
}

function hear(client: MqttClient, topic: string, payload: Buffer): void {
  const atNs = String(process.hrtime.bigint());
  const home = Number(/\/e-(\d+)\//.exec(topic)?.[1]);
  const { id, action } = JSON.parse(payload.toString("utf8")) as { id: string; action: string };
  process.send?.({ home, action, atNs } satisfies Heard);
  if (action === "status") return say(client, home);
  setTimeout(() => {
    isOn.set(home, action === "connect");
    say(client, home, { id, result: "done" });
  }, relayMs);
}

const clients = await Promise.all(
  Array.from({ length: gateways }, async (_, n) => {
    const username = `g-${n}`;
    const client = mqtt.connect(`mqtt://127.0.0.1:${port}`, { username, password: PASSWORD, clientId: username });
    client.on("message", (topic, payload) => hear(client, topic, payload));
    await new Promise<void>((resolve, reject) => client.once("connect", () => resolve()).once("error", reject));
    await client.subscribeAsync("sanbiao/v1/+/command", { qos: 1 });
    return client;
  }),
);
for (let home = 1; home <= homes; home++) isOn.set(home, home > dark);
process.send?.("ready");

// Homes speak in turn, evenly over `everyMs`; a tick that comes late makes up for it.
const begun = performance.now();
let said = 0;
const timer = setInterval(() => {
  for (const due = ((performance.now() - begun) * homes) / everyMs; said < due; said++) {
    const home = 1 + (said % homes);
    if (isOn.get(home) === true) kwh.set(home, (kwh.get(home) ?? KWH_NOW) + everyMs / 3_600_000);
    say(clients[home % gateways] as MqttClient, home);
  }
}, TICK_MS);
process.once("disconnect", () => {
  clearInterval(timer);
  for (const client of clients) client.end(true);
});
