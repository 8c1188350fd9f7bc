import { resolve } from "node:path";
import { expect, test } from "vitest";
import { settingsOf } from "../settings.ts";

test("without settings everything is embedded, local and below ./data", () => {
  expect(settingsOf({})).toEqual({
    dataFolder: resolve("data"),
    host: "127.0.0.1",
    port: 8080,
    mqtt: { kind: "embedded", port: 1883 },
    logLevel: "info",
  });
});

test("a foreign database and broker take the places of the embedded ones; an empty value counts as absent", () => {
  const settings = settingsOf({
    DATABASE_URL: "postgres://u:p@h/d",
    MQTT_URL: "mqtts://broker:8883",
    PORT: "0",
    HOST: "",
  });
  expect(settings).toMatchObject({
    databaseUrl: "postgres://u:p@h/d",
    mqtt: { kind: "foreign", url: "mqtts://broker:8883" },
    port: 0,
    host: "127.0.0.1",
  });
});

test("mail and the bridge for short messages are set up as a whole", () => {
  const secret = "0123456789abcdef0123456789abcdef";
  const settings = settingsOf({
    SMTP_URL: "smtps://user:word@mail.example.org",
    SMTP_FROM: "Estate office <office@example.org>",
    NOTICE_WEBHOOK_URL: "https://bridge.example.org/send",
    NOTICE_WEBHOOK_SECRET: secret,
  });
  expect(settings).toMatchObject({
    smtp: { url: "smtps://user:word@mail.example.org", from: "Estate office <office@example.org>" },
    noticeWebhook: { url: "https://bridge.example.org/send", secret },
  });
});

test.each([
  [{ PORT: "http" }, /PORT/],
  [{ PORT: "70000" }, /PORT/],
  [{ DATABASE_URL: "mysql://x" }, /DATABASE_URL: starts with postgres/],
  [{ MQTT_URL: "localhost" }, /MQTT_URL/],
  [{ LOG_LEVEL: "loud" }, /LOG_LEVEL/],
  [{ SANBIAO_SEALING_KEY: "short" }, /SANBIAO_SEALING_KEY: 64 hex/],
  [{ MQTT_TLS_PORT: "8883" }, /go together/],
  [{ SMTP_URL: "mail.example.org", SMTP_FROM: "a@example.org" }, /SMTP_URL: starts with smtp/],
  [{ SMTP_URL: "smtp://mail.example.org" }, /SMTP_URL, SMTP_FROM go together/],
  [{ SMTP_URL: "smtp://mail.example.org", SMTP_FROM: "a@b.c, d@e.f" }, /SMTP_FROM: is written/],
  [{ NOTICE_WEBHOOK_URL: "https://bridge.example.org", NOTICE_WEBHOOK_SECRET: "short" }, /at least 32/],
])("%j is refused by name", (environment, message) => {
  expect(() => settingsOf(environment)).toThrow(message);
});

test("a wrong value is never repeated in the error: it may hold a password", () => {
  expect(() => settingsOf({ DATABASE_URL: "mysql://u:secret@h/d" })).toThrow(
    expect.not.stringContaining("secret") as Error,
  );
});
