import { connect, createServer, type Socket } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { Link } from "../../../collectors/modbus/link.ts";
import { startModbusServer } from "../../../simulators/modbus/server.ts";
import { ask, FAULTS, readOf, type Rig, rigOf, type TcpKind, unitsWithOwnWords, until, verdictOf } from "./gateway.ts";

const rigs: Rig[] = [];
const rig = async (...options: Parameters<typeof rigOf>): Promise<Rig> => {
  const made = await rigOf(...options);
  rigs.push(made);
  return made;
};
afterEach(async () => {
  await Promise.all(rigs.splice(0).map((made) => made.close()));
});

describe.each<TcpKind>(["tcp", "rtu_over_tcp"])("over %s", (kind) => {
  test.each(FAULTS)("a fault $fault.kind has its name, and what follows it is right", async ({ fault, tcp, rtu }) => {
    const { server, link } = await rig(kind, { timeoutMs: 100 });
    server.faults.set(1, fault, 1);
    const struck = readOf(1, 10, 4);
    expect(verdictOf(struck, await ask(link, struck))).toBe(kind === "tcp" ? tcp : rtu);
    // The same unit, the same count, another address: what a stale reply would be mistaken for.
    for (const next of [readOf(1, 50, 4), readOf(2, 10, 4), readOf(1, 10, 4), readOf(1, 90, 4)]) {
      expect(verdictOf(next, await ask(link, next))).toBe("right");
    }
  });

  test("swapped replies are refused, both of them", async () => {
    const { server, link } = await rig(kind, { timeoutMs: 100 });
    server.faults.set(1, { kind: "swapped" }, 1);
    const asked = [readOf(1, 10, 4), readOf(2, 10, 4)];
    const verdicts = await Promise.all(asked.map(async (request) => verdictOf(request, await link.request(request))));
    expect(verdicts.every((verdict) => verdict.startsWith("refused"))).toBe(true);
    for (const request of asked) expect(verdictOf(request, await ask(link, request))).toBe("right");
  });

  test("300 reads at once are all answered, each with its own words", async () => {
    const { link } = await rig(kind, { timeoutMs: 5000 });
    const asked = Array.from({ length: 300 }, (_, i) => readOf(1 + (i % 60), i % 150, 1 + (i % 20)));
    const verdicts = await Promise.all(asked.map(async (request) => verdictOf(request, await link.request(request))));
    expect(new Set(verdicts)).toEqual(new Set(["right"]));
  });

  test("close settles what is under way and what waits, and the link stays closed", async () => {
    const { server, link } = await rig(kind, { timeoutMs: 60_000 });
    for (let unitId = 1; unitId <= 20; unitId++) server.faults.set(unitId, { kind: "silence" });
    const pending = Array.from({ length: 20 }, (_, i) => link.request(readOf(i + 1, 0, 2)));
    await until("the requests are under way", () => server.requests() >= link.inFlightMax);
    await link.close();
    for (const outcome of await Promise.all(pending))
      expect(outcome).toMatchObject({ kind: "refused", reason: "link_down" });
    expect(await link.open()).toMatchObject({ reason: "link_down" });
    expect(await link.request(readOf(1, 0, 1))).toMatchObject({ reason: "link_down", unsent: true });
  });

  test("a gateway that restarts settles what is under way and is met again", async () => {
    const { server, link } = await rig(kind, { timeoutMs: 60_000 });
    server.faults.set(1, { kind: "silence" }, 1);
    const pending = link.request(readOf(1, 0, 2));
    await until("the request is under way", () => server.requests() === 1);
    server.dropConnections();
    expect(await pending).toMatchObject({ kind: "refused", reason: "link_down" });
    const request = readOf(1, 3, 2);
    expect(verdictOf(request, await ask(link, request))).toBe("right");
  });

  test("writes are proved by their echo, and an echo of something else is refused", async () => {
    const { server, link } = await rig(kind, { timeoutMs: 100 });
    const several = {
      kind: "write",
      unitId: 3,
      write: { functionCode: 16, address: 7, words: [0x1234, 0xffff] },
    } as const;
    expect(await link.request(several)).toEqual({ kind: "written" });
    expect(await link.request(readOf(3, 7, 2))).toMatchObject({ kind: "words", words: Uint16Array.of(0x1234, 0xffff) });
    expect(
      await link.request({ kind: "write", unitId: 3, write: { functionCode: 6, address: 9, words: [77] } }),
    ).toEqual({ kind: "written" });
    expect(
      await link.request({ kind: "write", unitId: 3, write: { functionCode: 5, address: 9, words: [1] } }),
    ).toEqual({ kind: "written" });
    server.faults.set(3, { kind: "short_reply" }, 1);
    expect(await link.request(several)).toMatchObject({ kind: "refused", reason: "short_reply" });
    await link.open();
    expect(await link.request({ kind: "read", unitId: 3, table: "coil", address: 9, count: 1 })).toMatchObject({
      words: Uint16Array.of(1),
    });
  });

  test("what no slave could answer is not sent", async () => {
    const { server, link } = await rig(kind);
    for (const request of [readOf(0, 0, 1), readOf(1, 0, 126), readOf(1, 65_535, 2), readOf(1, 0, 0)]) {
      expect(await link.request(request)).toMatchObject({ kind: "refused", reason: "out_of_range", unsent: true });
    }
    expect(server.requests()).toBe(0);
  });

  test("a port where nobody listens is a refusal, not an error, and the link opens when somebody does", async () => {
    const first = await startModbusServer({ kind, host: "127.0.0.1", port: 0, units: unitsWithOwnWords(2) });
    await first.stop();
    const link = new Link({ kind, host: "127.0.0.1", port: first.port, timeoutMs: 100 });
    expect(await link.open()).toMatchObject({ reason: "link_down" });
    const second = await startModbusServer({ kind, host: "127.0.0.1", port: first.port, units: unitsWithOwnWords(2) });
    const request = readOf(1, 5, 2);
    expect(verdictOf(request, await ask(link, request))).toBe("right");
    await link.close();
    await second.stop();
  });
});

test("replies that overtake each other find their requests", async () => {
  const { link } = await rig("tcp", {
    timeoutMs: 5000,
    faultPlan: (request, sequence) => (sequence % 3 === 0 ? { kind: "late", ms: 1 + (request.unitId % 7) } : null),
  });
  const asked = Array.from({ length: 200 }, (_, i) => readOf(1 + (i % 50), i % 150, 3));
  const verdicts = await Promise.all(asked.map(async (request) => verdictOf(request, await link.request(request))));
  expect(new Set(verdicts)).toEqual(new Set(["right"]));
});

test("a reply that comes 256 transactions late within its time-out is taken for its own request only", async () => {
  const { server, link } = await rig("tcp", { timeoutMs: 10_000 });
  server.faults.set(64, { kind: "held", requests: 256 }, 1);
  const held = readOf(64, 0, 4);
  const heldOutcome = link.request(held);
  await until("it is held", () => server.requests() === 1);
  const verdicts = new Set<string>();
  for (let i = 0; i < 300; i++) {
    const request = readOf(1 + (i % 5), i % 100, 4);
    verdicts.add(verdictOf(request, await link.request(request)));
  }
  expect(verdicts).toEqual(new Set(["right"]));
  expect(verdictOf(held, await heldOutcome)).toBe("right");
});

test("a silent slave does not cost its neighbours their replies: what is under way ends before the link reopens", async () => {
  const { server, link } = await rig("tcp", { timeoutMs: 300 });
  server.faults.set(1, { kind: "silence" }, 1);
  server.faults.set(2, { kind: "late", ms: 200 }, 1);
  const dead = link.request(readOf(1, 0, 2));
  await until("the first is under way", () => server.requests() === 1);
  await new Promise((done) => setTimeout(done, 150));
  const neighbour = readOf(2, 0, 2);
  const answered = link.request(neighbour);
  expect(verdictOf(neighbour, await answered)).toBe("right");
  expect(await dead).toMatchObject({ reason: "timeout" });
  await until("the link is being replaced", () => !link.ready);
  expect(await link.open()).toBeNull();
});

test("a stray frame that nobody asked for ends the connection before it can be mistaken", async () => {
  for (const kind of ["tcp", "rtu_over_tcp"] as const) {
    const sockets: Socket[] = [];
    const server = createServer((socket) => sockets.push(socket.on("error", () => {})));
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const link = new Link({ kind, host: "127.0.0.1", port, timeoutMs: 100 });
    await link.open();
    await until("the server sees it", () => sockets.length === 1);
    sockets[0]?.write(Buffer.from("000100000007010304dead0beef0", "hex"));
    await until("the link has dropped it", () => !link.ready);
    await link.close();
    for (const socket of sockets) socket.destroy();
    server.close();
  }
});

test("over RTU, bytes of a fragmented reply that look like a frame are part of the reply", async () => {
  const { server, link } = await rig("rtu_over_tcp", { timeoutMs: 2000 });
  // 0x01 0x03 0x04 de ad 0b ee + its right CRC, as data of unit 1's reply.
  const inner = [0x0103, 0x04de, 0xad0b, 0xeef4, 0xc7aa];
  await link.request({ kind: "write", unitId: 1, write: { functionCode: 16, address: 20, words: inner } });
  server.faults.set(1, { kind: "fragmented" });
  expect(await link.request(readOf(1, 18, 9))).toMatchObject({ words: Uint16Array.of(218, 219, ...inner, 225, 226) });
  expect(verdictOf(readOf(1, 60, 2), await link.request(readOf(1, 60, 2)))).toBe("right");
});

test("over RTU, a unit that timed out rests, and its neighbours are asked meanwhile", async () => {
  const { server, link } = await rig("rtu_over_tcp", { timeoutMs: 200 });
  server.faults.set(1, { kind: "silence" }, 1);
  expect(await ask(link, readOf(1, 0, 2))).toMatchObject({ reason: "timeout" });
  const order: string[] = [];
  const dead = ask(link, readOf(1, 0, 2)).then(() => order.push("rested"));
  await ask(link, readOf(2, 0, 2));
  order.push("neighbour");
  await dead;
  expect(order).toEqual(["neighbour", "rested"]);
});

test("a client that is not Modbus is cut by the simulated gateway, which goes on", async () => {
  const { server, link } = await rig("tcp");
  const stranger = connect(server.port, "127.0.0.1");
  stranger.on("error", () => {});
  stranger.write("GET / HTTP/1.1\r\n\r\n");
  await new Promise((done) => stranger.once("close", done));
  expect(verdictOf(readOf(1, 0, 2), await ask(link, readOf(1, 0, 2)))).toBe("right");
});
