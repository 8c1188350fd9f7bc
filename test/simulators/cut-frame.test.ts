import { connect } from "node:net";
import { expect, test } from "vitest";
import { startModbusServer } from "../../simulators/modbus/server.ts";
import { imageUnit } from "../../simulators/modbus/unit.ts";

const read = (transactionId: number, unitId: number): Buffer =>
  Buffer.from([transactionId >> 8, transactionId & 255, 0, 0, 0, 6, unitId, 3, 0, 0, 0, 4]);

test("a link that is cut within a frame says nothing more, also to what was asked in the same breath", async () => {
  const unit = imageUnit({ holding: { start: 0, words: Uint16Array.of(1, 2, 3, 4) } });
  const units = new Map([1, 2, 3].map((id) => [id, unit]));
  const server = await startModbusServer({ kind: "tcp", host: "127.0.0.1", port: 0, units });
  for (const id of [1, 2, 3]) server.faults.set(id, { kind: "drop_mid_frame" });
  const came: Buffer[] = [];
  await new Promise<void>((done) => {
    const socket = connect(server.port, "127.0.0.1", () =>
      socket.write(Buffer.concat([read(0x0101, 1), read(0x0326, 2), read(0x0327, 3)])),
    );
    socket.on("data", (chunk: Buffer) => came.push(chunk));
    socket.on("error", () => {});
    socket.on("close", () => done());
  });
  await server.stop();
  // Half of header (6), unit, function, byte count and 8 bytes of data; a second half would make it look whole.
  expect(Buffer.concat(came).toString("hex")).toBe("0101" + "0000" + "000b" + "01" + "03");
});
