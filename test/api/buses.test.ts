import { afterAll, beforeAll, expect, test } from "vitest";
import type { App } from "../../api/routes/route.ts";
import { reversePayment, takePayment } from "../../billing/payment.ts";
import type { Buses, BusScan } from "../../domain/bus.ts";
import { instant } from "../../domain/instant.ts";
import { appOver, cookieOf, type Estate, NOW, tinyEstate } from "./support.ts";

const SCAN: BusScan = {
  id: "2f1f1bb4-6f0b-4d51-9d7b-0a86d7c1a111",
  operatorId: 0n,
  busId: 7n,
  startedAt: NOW,
  endedAt: null,
  state: "running",
  asked: 20,
  total: 245,
  found: [
    {
      unitId: 9,
      trouble: null,
      candidates: [
        {
          profileId: "abb-b23",
          utility: "electricity",
          evidence: [{ kind: "identity", detail: "type designation 42323320" }],
          sample: [{ register: "energy_import_kwh", value: "1234.5", unit: "kWh" }],
        },
      ],
    },
    { unitId: 12, trouble: "crc_error", candidates: [] },
  ],
};

let estate: Estate;
let app: App;
let close: () => Promise<void>;
let scans = 0;
beforeAll(async () => {
  estate = await tinyEstate();
  const buses: Buses = {
    list: (operatorId) =>
      operatorId !== estate.one
        ? []
        : [
            {
              bus: {
                id: 7n,
                name: "east riser",
                kind: "rtu_over_tcp",
                address: { host: "10.0.0.9", port: 4196 },
                pollSeconds: { billing: 30 },
                enabled: true,
                meters: new Map([[2, { serial: "E-1-101", profileId: "acrel-ddsy1352" }]]),
              },
              health: {
                id: "east riser#7",
                link: "up",
                detail: null,
                transactions: { ok: 500, timeout: 4 },
                units: [
                  {
                    meterId: estate.relayMeter,
                    unitId: 2,
                    breaker: "open",
                    opened: { since: instant(NOW - 60_000), cause: "timeout" },
                    lastHeardAt: instant(NOW - 90_000),
                    failures: 5,
                    restsMs: 12_000,
                    lastRefusal: { reason: "timeout", detail: "no reply within 1000 ms" },
                    clock: {
                      operatorId: estate.one,
                      meterId: estate.relayMeter,
                      checkedAt: instant(NOW - 3_600_000),
                      driftMs: -42_000,
                      outcome: "held",
                      beforeMs: null,
                    },
                  },
                ],
              },
              scan: SCAN,
            },
          ],
    scan: (operatorId, busId) => (operatorId === estate.one && busId === 7n ? (scans++, SCAN) : undefined),
    scanOf: (operatorId, id) => (operatorId === estate.one && id === SCAN.id ? SCAN : undefined),
  };
  ({ app, close } = await appOver(estate, { services: { takePayment, reversePayment, buses } }));
});
afterAll(async () => {
  await close();
  await estate.drop();
});

const ask = async (login: "boss" | "clerk" | "reader" | "other", url: string, method: "GET" | "POST" = "GET") => {
  const reply = await app.inject({ method, url: `/api/v1${url}`, headers: { cookie: await cookieOf(app, login) } });
  return { status: reply.statusCode, body: reply.json<Record<string, unknown>>() };
};

test("a line shows its link, its slaves' breakers and what was said on it", async () => {
  const { status, body } = await ask("reader", "/buses");
  expect(status).toBe(200);
  expect(body).toMatchObject({
    items: [
      {
        id: "7",
        name: "east riser",
        kind: "rtu_over_tcp",
        address: "10.0.0.9:4196",
        pollSeconds: { billing: 30, state: 30, power: 60, slow: 3600 },
        link: "up",
        transactions: { ok: 500, timeout: 4 },
        units: [
          {
            unitId: 2,
            serial: "E-1-101",
            breaker: "open",
            openedAt: "2026-06-16T09:59:00+08:00",
            cause: "timeout",
            lastHeardAt: "2026-06-16T09:58:30+08:00",
            failures: 5,
            lastRefusal: { reason: "timeout" },
            clock: { driftMs: -42_000, checkedAt: "2026-06-16T09:00:00+08:00", outcome: "held" },
          },
        ],
        scan: { id: SCAN.id, asked: 20, total: 245, endedAt: null },
      },
    ],
  });
});

test("nobody sees or scans the line of another operator", async () => {
  expect((await ask("other", "/buses")).body).toEqual({ items: [] });
  expect((await ask("other", "/buses/7/scans", "POST")).status).toBe(404);
  expect((await ask("other", `/buses/7/scans/${SCAN.id}`)).status).toBe(404);
  expect(scans).toBe(0);
});

test("a clerk starts a scan and follows it; a reader only follows", async () => {
  expect((await ask("reader", "/buses/7/scans", "POST")).status).toBe(403);
  const begun = await ask("clerk", "/buses/7/scans", "POST");
  expect(begun).toMatchObject({ status: 202, body: { id: SCAN.id, state: "running", busId: "7" } });
  const followed = await ask("reader", `/buses/7/scans/${SCAN.id}`);
  expect(followed.body).toMatchObject({
    asked: 20,
    found: [
      { unitId: 9, candidates: [{ profileId: "abb-b23", sample: [{ value: "1234.5", unit: "kWh" }] }] },
      { unitId: 12, trouble: "crc_error" },
    ],
  });
  expect((await ask("clerk", `/buses/8/scans/${SCAN.id}`)).status).toBe(404);
  expect((await ask("clerk", "/buses/9/scans", "POST")).status).toBe(404);
});
