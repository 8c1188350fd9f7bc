/** A broker that is not ours: plain aedes in its own process, everybody welcome. Says its port through IPC. */
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { Aedes } from "aedes";

const aedes = await Aedes.createBroker();
const server = createServer((socket) => void aedes.handle(socket));
server.listen(0, "127.0.0.1", () => process.send?.((server.address() as AddressInfo).port));
process.once("disconnect", () => process.exit());
