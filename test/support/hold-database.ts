// A process that holds an embedded server until it is killed: prints its address.
import { startEmbedded } from "../../schema/embedded/server.ts";

const server = await startEmbedded({ folder: process.argv[2] ?? "", settings: { shared_buffers: "32MB" } });
process.stdout.write(`${server.url}\n`);
process.on("SIGTERM", () => void server.stop().then(() => process.exit(0)));
setInterval(() => undefined, 60_000);
