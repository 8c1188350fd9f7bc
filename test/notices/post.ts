import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { SMTPServer } from "smtp-server";

/** A mail that a relay took. */
export type Mail = { readonly to: readonly string[]; readonly raw: string };

export type Relay = {
  readonly url: string;
  readonly mails: Mail[];
  close(): Promise<void>;
};

/** A real SMTP server. `answer` says what it thinks of a recipient: nothing, or a refusal with its code. */
export async function openRelay(
  options: { port?: number; answer?: (address: string) => number | null; slowMs?: number } = {},
): Promise<Relay> {
  const mails: Mail[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ["STARTTLS"],
    logger: false,
    closeTimeout: 20,
    onRcptTo({ address }, _session, done) {
      const code = options.answer?.(address) ?? null;
      if (code === null) return done();
      return done(Object.assign(new Error(code < 500 ? "try later" : "no such mailbox"), { responseCode: code }));
    },
    onData(stream, session, done) {
      const parts: Buffer[] = [];
      stream.on("data", (part: Buffer) => parts.push(part));
      stream.on("end", () => {
        const to = session.envelope.rcptTo.map(({ address }) => address);
        mails.push({ to, raw: Buffer.concat(parts).toString("utf8") });
        setTimeout(() => done(null), options.slowMs ?? 0);
      });
    },
  });
  server.on("error", () => {}); // a client that hangs up is its own affair
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, "127.0.0.1", () => resolve()));
  const { port } = server.server.address() as AddressInfo;
  return {
    url: `smtp://127.0.0.1:${port}`,
    mails,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

export type Call = { readonly headers: Readonly<Record<string, string>>; readonly body: string };
export type Bridge = {
  readonly url: string;
  readonly calls: Call[];
  answer: { status: number; body: string };
  close(): Promise<void>;
};

/** A real HTTP receiver in place of an SMS bridge. */
export async function openBridge(): Promise<Bridge> {
  const bridge: Omit<Bridge, "url" | "close"> = { calls: [], answer: { status: 200, body: "{}" } };
  const server = createServer((request, reply) => {
    let body = "";
    request.setEncoding("utf8");
    request.on("data", (part: string) => {
      body += part;
    });
    request.on("end", () => {
      bridge.calls.push({ headers: request.headers as Record<string, string>, body });
      reply.writeHead(bridge.answer.status, { "content-type": "application/json" }).end(bridge.answer.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return Object.assign(bridge, { url: `http://127.0.0.1:${port}/send`, close });
}
