import { connect } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { liveBus } from "../../api/live.ts";
import { prometheus } from "../../api/metrics.ts";
import { type RunningApi, startApi } from "../../api/server.ts";
import { reversePayment, takePayment } from "../../billing/payment.ts";
import { instant } from "../../domain/instant.ts";
import { cookieOf, type Estate, NOW, silent, tinyEstate } from "./support.ts";

let estate: Estate;
let api: RunningApi;
const live = liveBus({ now: () => NOW });
const metrics = prometheus({ processMetrics: false });
beforeAll(async () => {
  estate = await tinyEstate();
  const services = { takePayment, reversePayment };
  const clock = { now: () => NOW };
  api = await startApi({
    db: estate.db,
    host: "127.0.0.1",
    port: 0,
    clock,
    log: silent,
    services,
    live,
    metrics,
    consoleDir: "/nonexistent",
  });
});
afterAll(async () => {
  await api.close();
  await estate.drop();
});

/** An event stream that is read as it comes. */
async function follow(login: "clerk" | "other", headers: Record<string, string> = {}) {
  const ended = new AbortController();
  const cookie = await cookieOf(api.app, login);
  const reply = await fetch(`${api.url}/api/v1/events`, { headers: { cookie, ...headers }, signal: ended.signal });
  let text = "";
  let isOver = false;
  void (async () => {
    const decoder = new TextDecoder();
    try {
      for await (const bytes of reply.body ?? []) text += decoder.decode(bytes as Uint8Array, { stream: true });
    } catch {
      // aborted by the test
    }
    isOver = true;
  })();
  return {
    reply,
    text: () => text,
    isOver: () => isOver,
    until: (condition: (text: string) => boolean) =>
      eventually(
        () => condition(text),
        () => text,
      ),
    close: () => ended.abort(),
  };
}

async function eventually(condition: () => boolean, shown: () => string = () => ""): Promise<void> {
  for (const end = process.hrtime.bigint() + 30_000_000_000n; process.hrtime.bigint() < end; await wait(5)) {
    if (condition()) return;
  }
  throw new Error(`waited in vain; had: ${shown()}`);
}

const run = (done: number) =>
  ({ kind: "bill_run", at: "2026-06-16T10:00:00+08:00", runId: "1", state: "running", done, refused: 0 }) as const;

describe("the event stream", () => {
  test("tells a payment to one's own operator and to nobody else", async () => {
    const ours = await follow("clerk");
    const theirs = await follow("other");
    expect(ours.reply.headers.get("content-type")).toContain("text/event-stream");
    await ours.until((text) => text.includes("retry:"));
    await theirs.until((text) => text.includes("retry:"));
    const paid = await fetch(`${api.url}/api/v1/accounts/${estate.flat}/payments`, {
      method: "POST",
      headers: {
        cookie: await cookieOf(api.app, "clerk"),
        "idempotency-key": "live-payment",
        "content-type": "application/json",
      },
      body: JSON.stringify({ amount: { amount: "5.00", currency: "CNY" }, channel: "wallet" }),
    });
    expect(paid.status).toBe(201);
    await ours.until((text) => text.includes("event: payment") && text.includes("event: overview"));
    const data = /event: payment\ndata: (.*)\n/.exec(ours.text())?.[1] ?? "";
    expect(JSON.parse(data)).toMatchObject({
      kind: "payment",
      accountId: String(estate.flat),
      amount: { amount: "5.00" },
    });
    expect(ours.text()).toMatch(/id: \S+\nevent: payment/);
    // The other stream is alive, and its first event is its own.
    live.publish(estate.two, run(77));
    await theirs.until((text) => text.includes('"done":77'));
    expect(theirs.text()).not.toContain("event: payment");
    expect(ours.text()).not.toContain('"done":77');
    ours.close();
    theirs.close();
    await eventually(() => live.listeners() === 0);
    expect(await metrics.text()).toContain("sanbiao_live_clients 0");
  });

  test("goes on after the last event that a client saw, or tells it to read again", async () => {
    const first = await follow("clerk");
    await first.until((text) => text.includes("retry:"));
    live.publish(estate.one, run(1));
    await first.until((text) => text.includes('"done":1,'));
    const id = /id: (\S+)\nevent: bill_run\ndata: .*"done":1,/.exec(first.text())?.[1] ?? "";
    first.close();
    await eventually(() => live.listeners() === 0);
    live.publish(estate.one, run(2));
    const again = await follow("clerk", { "last-event-id": id });
    await again.until((text) => text.includes('"done":2,'));
    expect(again.text()).not.toContain('"done":1,');
    again.close();
    const stranger = await follow("clerk", { "last-event-id": "from-another-start" });
    await stranger.until((text) => text.includes("event: overview"));
    expect(stranger.text()).not.toContain("bill_run");
    stranger.close();
  });

  test("is only for who is signed in", async () => {
    expect((await fetch(`${api.url}/api/v1/events`)).status).toBe(401);
  });

  test("drops a client that does not read, and keeps the others", async () => {
    await eventually(() => live.listeners() === 0);
    const good = await follow("clerk");
    await good.until((text) => text.includes("retry:"));
    const { hostname, port } = new URL(api.url);
    const deaf = connect({ host: hostname, port: Number(port) });
    deaf.on("error", () => {});
    deaf.pause();
    deaf.write(`GET /api/v1/events HTTP/1.1\r\nhost: x\r\ncookie: ${await cookieOf(api.app, "clerk")}\r\n\r\n`);
    await eventually(() => live.listeners() === 2);
    const long = { ...run(0), note: "x".repeat(60_000) };
    for (let n = 0; n < 2_000 && live.listeners() > 1; n++) {
      live.publish(estate.one, { ...long, done: n });
      await wait(0);
    }
    await eventually(() => live.listeners() === 1);
    live.publish(estate.one, run(4_711));
    await good.until((text) => text.includes('"done":4711'));
    good.close();
    deaf.destroy();
  });

  test("ends when the service stops, without waiting for its clients", async () => {
    const stopping = await startApi({
      db: estate.db,
      host: "127.0.0.1",
      port: 0,
      clock: { now: () => NOW },
      log: silent,
      services: { takePayment, reversePayment },
      consoleDir: "/nonexistent",
    });
    const cookie = await cookieOf(stopping.app, "clerk");
    const reply = await fetch(`${stopping.url}/api/v1/events`, { headers: { cookie } });
    const reader = reply.body?.getReader();
    await reader?.read();
    await stopping.close();
    const rest = await reader?.read().catch(() => ({ done: true }));
    expect(rest?.done).toBe(true);
  });
});

describe("the live bus", () => {
  const reading = (meterId: string, register: string) =>
    ({
      kind: "reading",
      at: "2026-06-16T10:00:00+08:00",
      meterId,
      register,
      utility: "water",
      quantity: { value: "1", unit: "m3" },
    }) as const;

  test("tells one reading per meter and second, and every state", () => {
    let now = 0;
    const bus = liveBus({ now: () => instant(now) });
    const heard: string[] = [];
    bus.subscribe(
      1n,
      ({ event }) => event.kind === "reading" && heard.push(`${now} ${event.meterId}/${event.register}`),
    );
    const valve = { ...reading("1", "valve_state"), quantity: { value: "0", unit: "state" as const } };
    for (const at of [0, 500, 999, 1000]) {
      now = at;
      bus.publish(1n, reading("1", "volume_m3"));
      bus.publish(1n, reading("1", "flow_m3_per_h"));
      if (at === 500) {
        bus.publish(1n, reading("2", "volume_m3"));
        bus.publish(1n, valve);
      }
    }
    expect(heard).toEqual(["0 1/volume_m3", "500 2/volume_m3", "500 1/valve_state", "1000 1/volume_m3"]);
  });

  test("forgets what is long ago and says so", () => {
    const bus = liveBus({ now: () => NOW });
    const ids: string[] = [];
    const stop = bus.subscribe(1n, ({ id }) => ids.push(id));
    for (let n = 0; n < 600; n++) bus.publish(1n, run(n));
    stop();
    expect(bus.since(1n, ids[0] ?? "")).toBeNull();
    expect(bus.since(1n, ids[597] ?? "")?.map(({ id }) => id)).toEqual(ids.slice(598));
    expect(bus.since(2n, ids[597] ?? "")).toBeNull();
    expect(bus.listeners()).toBe(0);
  });
});
