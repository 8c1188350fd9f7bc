import { connect, createServer, type Socket } from "node:net";

/** A way to the database that can be cut and mended: what a restart or a lost network is to the service. */
export type Severable = { readonly url: string; sever(): void; mend(): void; close(): Promise<void> };

export async function severable(databaseUrl: string): Promise<Severable> {
  const target = new URL(databaseUrl);
  const open = new Set<Socket>();
  let severed = false;
  const server = createServer((client) => {
    if (severed) return void client.destroy();
    const upstream = connect(Number(target.port), target.hostname);
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      open.add(from);
      from
        .on("error", () => {})
        .on("close", () => {
          open.delete(from);
          to.destroy();
        });
      from.pipe(to);
    }
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const address = server.address();
  const url = new URL(databaseUrl);
  url.searchParams.delete("host"); // the way that is cut is the network's
  [url.hostname, url.port] = ["127.0.0.1", String(typeof address === "object" ? address?.port : "")];
  const sever = (): void => {
    severed = true;
    for (const socket of open) socket.destroy();
  };
  return {
    url: String(url),
    sever,
    mend: () => void (severed = false),
    close: async () => {
      sever();
      await new Promise((done) => server.close(done));
    },
  };
}
