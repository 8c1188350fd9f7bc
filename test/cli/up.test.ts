import { createServer, type AddressInfo, type Server } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { sanbiao } from "../support/command.ts";
import { demoFolder, removeDemo } from "../support/demo.ts";

let folder: string;
const taken: Server[] = [];
const takenPort = (): Promise<number> =>
  new Promise((done) => {
    const server = createServer();
    taken.push(server);
    server.listen(0, "127.0.0.1", () => done((server.address() as AddressInfo).port));
  });

beforeAll(async () => {
  folder = await demoFolder();
});
afterAll(async () => {
  for (const server of taken) server.close();
  await removeDemo(folder);
});

test("a taken port ends the start with its code, also when the broker had to move first, and leaves nothing running", async () => {
  const env = {
    SANBIAO_DATA: folder,
    DATABASE_URL: "",
    MQTT_URL: "",
    PORT: String(await takenPort()),
    MQTT_PORT: String(await takenPort()),
  };
  const { code, err } = await sanbiao(["up"], { env }); // resolves only when the process has ended
  expect(code).toBe(1);
  expect(err).toContain("(port.taken)");
  // Nothing holds the folder or its database any more: another command takes both.
  expect((await sanbiao(["verify"], { env })).code).toBe(0);
});
