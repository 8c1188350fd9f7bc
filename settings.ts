import { resolve } from "node:path";
import { z } from "zod";
import { CodedError } from "./domain/errors.ts";

/** What a running service is told from outside; `docs/reference/settings.md` lists it. */
export type Settings = {
  /** Absolute folder. */
  readonly dataFolder: string;
  /** Absent: the embedded server under `dataFolder`. */
  readonly databaseUrl?: string;
  readonly host: string;
  readonly port: number;
  readonly mqtt:
    | {
        readonly kind: "embedded";
        readonly port: number;
        readonly tls?: { readonly port: number; readonly cert: string; readonly key: string };
      }
    | { readonly kind: "foreign"; readonly url: string };
  readonly logLevel: string;
  /** How mail leaves; absent: it waits. */
  readonly smtp?: { readonly url: string; readonly from: string };
  /** The bridge to SMS and the like, and the secret that both sides sign with. */
  readonly noticeWebhook?: { readonly url: string; readonly secret: string };
  /** 64 hex digits; absent: a file in `dataFolder`. */
  readonly sealingKey?: string;
};

const Port = z.coerce.number().int().min(0).max(65_535);
const Environment = z.object({
  SANBIAO_DATA: z.string().min(1).default("data"),
  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, "starts with postgres://")
    .optional(),
  HOST: z.string().min(1).default("127.0.0.1"),
  PORT: Port.default(8080),
  MQTT_PORT: Port.default(1883),
  MQTT_TLS_PORT: Port.optional(),
  MQTT_TLS_CERT: z.string().min(1).optional(),
  MQTT_TLS_KEY: z.string().min(1).optional(),
  MQTT_URL: z
    .string()
    .regex(/^(mqtts?|wss?):\/\//, "starts with mqtt:// or mqtts://")
    .optional(),
  SANBIAO_SEALING_KEY: z
    .string()
    .regex(/^[0-9a-fA-F]{64}$/, "64 hex digits")
    .optional(),
  SMTP_URL: z
    .string()
    .regex(/^smtps?:\/\//, "starts with smtp:// or smtps://")
    .optional(),
  SMTP_FROM: z
    .string()
    .regex(
      /^[^<>\r\n]*<[^\s<>@]+@[^\s<>@]+>$|^[^\s<>@]+@[^\s<>@]+$/,
      "is written office@example.org or Office <office@example.org>",
    )
    .optional(),
  NOTICE_WEBHOOK_URL: z
    .string()
    .regex(/^https?:\/\//, "starts with https:// or http://")
    .optional(),
  NOTICE_WEBHOOK_SECRET: z.string().min(32, "has at least 32 characters").optional(),
  LOG_LEVEL: z.enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"]).default("info"),
});

/**
 * Settings from an environment; an empty value counts as absent.
 * @throws CodedError config.invalid naming each setting that is wrong
 */
export function settingsOf(environment: Readonly<Record<string, string | undefined>>): Settings {
  const given = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ""),
  );
  const parsed = Environment.safeParse(given);
  if (!parsed.success) {
    const wrong = parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
    throw new CodedError("config.invalid", `Wrong settings: ${wrong.join("; ")}.`);
  }
  const env = parsed.data;
  together(env, ["MQTT_TLS_PORT", "MQTT_TLS_CERT", "MQTT_TLS_KEY"]);
  together(env, ["SMTP_URL", "SMTP_FROM"]);
  together(env, ["NOTICE_WEBHOOK_URL", "NOTICE_WEBHOOK_SECRET"]);
  const { MQTT_TLS_PORT: port, MQTT_TLS_CERT: cert, MQTT_TLS_KEY: key } = env;
  const { SMTP_URL: smtp, SMTP_FROM: from, NOTICE_WEBHOOK_URL: webhook, NOTICE_WEBHOOK_SECRET: secret } = env;
  const all = port !== undefined && cert !== undefined && key !== undefined;
  return {
    dataFolder: resolve(env.SANBIAO_DATA),
    ...(env.DATABASE_URL === undefined ? {} : { databaseUrl: env.DATABASE_URL }),
    host: env.HOST,
    port: env.PORT,
    mqtt:
      env.MQTT_URL !== undefined
        ? { kind: "foreign", url: env.MQTT_URL }
        : { kind: "embedded", port: env.MQTT_PORT, ...(all ? { tls: { port, cert, key } } : {}) },
    logLevel: env.LOG_LEVEL,
    ...(smtp === undefined || from === undefined ? {} : { smtp: { url: smtp, from } }),
    ...(webhook === undefined || secret === undefined ? {} : { noticeWebhook: { url: webhook, secret } }),
    ...(env.SANBIAO_SEALING_KEY === undefined ? {} : { sealingKey: env.SANBIAO_SEALING_KEY }),
  };
}

/** Some settings mean nothing without the others. */
function together(env: z.infer<typeof Environment>, names: readonly (keyof z.infer<typeof Environment>)[]): void {
  const set = names.filter((name) => env[name] !== undefined);
  if (set.length === 0 || set.length === names.length) return;
  throw new CodedError("config.invalid", `${names.join(", ")} go together: set all of them or none.`);
}
