import { readFile } from "node:fs/promises";
import { connectAsync } from "mqtt";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startBroker } from "../../broker/broker.ts";
import type { Message } from "../../broker/client.ts";
import { hashDevicePassword } from "../../broker/password.ts";
import { noTelemetry } from "../../domain/telemetry.ts";
import { PASSWORD, quiet, systemClock, until } from "../support/mqtt.ts";

// A certificate for these tests only: anybody can read its key here.
const file = (name: string) => readFile(new URL(`./tls/${name}`, import.meta.url));
let passwordHash: string;
beforeAll(async () => {
  passwordHash = await hashDevicePassword(PASSWORD);
});

const heard: Message[] = [];
const start = async () =>
  startBroker({
    port: 0,
    host: "127.0.0.1",
    tls: { port: 0, cert: await file("cert.pem"), key: await file("key.pem") },
    credentials: {
      client: (username) =>
        username === "dev"
          ? { operatorId: 1n, username, passwordHash, publishFilters: ["dev/#"], subscribeFilters: [], enabled: true }
          : undefined,
    },
    onMessage: (_client, message, settled) => {
      heard.push(message);
      settled("taken");
    },
    refusals: { keep: async () => {} },
    clock: systemClock,
    telemetry: noTelemetry,
    log: quiet,
  });
let stop: (() => Promise<void>) | null = null;
afterAll(async () => stop?.());

test("with a certificate the same rules hold over TLS, and a plain socket on the TLS port disturbs nobody", async () => {
  const broker = await start();
  stop = () => broker.stop(500);
  const ca = await file("cert.pem");
  const url = `mqtts://localhost:${broker.tlsPort}`;
  const client = await connectAsync(url, { ca, username: "dev", password: PASSWORD, reconnectPeriod: 0 });
  await expect(
    connectAsync(
      `mqtt://127.0.0.1:${broker.tlsPort}`,
      { username: "dev", password: PASSWORD, reconnectPeriod: 0, connectTimeout: 1_000 },
      false,
    ),
  ).rejects.toThrow();
  await expect(connectAsync(url, { ca, username: "dev", password: "no", reconnectPeriod: 0 }, false)).rejects.toThrow();
  await client.publishAsync("dev/readings", "1", { qos: 1 });
  await until("the message", () => heard.length === 1);
  await client.endAsync();
});

test("a port that is taken is said so", async () => {
  const broker = await start();
  const settings = {
    port: broker.port,
    host: "127.0.0.1",
    credentials: { client: () => undefined },
    onMessage: () => {},
  };
  const rest = { refusals: { keep: async () => {} }, clock: systemClock, telemetry: noTelemetry, log: quiet };
  await expect(startBroker({ ...settings, ...rest })).rejects.toMatchObject({ code: "port.taken" });
  await broker.stop(100);
});
