import { createServer, type Server, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { SerialPort } from "serialport";
import { Connection } from "./connection.ts";
import { type FaultPlan, UnitFaults } from "./fault.ts";
import type { Framing } from "./frame.ts";
import type { ModbusUnit } from "./unit.ts";

export type ModbusServerOptions = {
  /** Looked up for each request, so that units may come and go. A unit that is not here is silent, as on a bus. */
  readonly units: ReadonlyMap<number, ModbusUnit>;
  /** Beside `faults.set`: decides per request. */
  readonly faultPlan?: FaultPlan;
} & (
  | { readonly kind: "tcp" | "rtu_over_tcp"; readonly host: string; readonly port: number }
  | { readonly kind: "rtu"; readonly path: string; readonly baudRate: number }
  /** RTU on a stream that is open already: a pty's master side. */
  | { readonly kind: "rtu"; readonly stream: Duplex }
);

export type ModbusServer = {
  /** Bound TCP port; 0 on a serial line. */
  readonly port: number;
  readonly faults: UnitFaults;
  /** Requests understood so far. */
  requests(): number;
  connections(): number;
  /** Cuts every connection, as a gateway that restarts; it goes on listening. */
  dropConnections(): void;
  stop(): Promise<void>;
};

/**
 * A Modbus gateway with any number of unit ids that answers from register images. It writes its answers of one
 * chunk in one call and has no timer per request: a link is as fast as its client.
 */
export async function startModbusServer(options: ModbusServerOptions): Promise<ModbusServer> {
  const faults = new UnitFaults();
  const open = new Set<Connection>();
  let requests = 0;
  const serve = (stream: Duplex, framing: Framing): void => {
    const connection = new Connection(stream, framing, options.units, (request) => {
      const sequence = requests++;
      return faults.take(request.unitId) ?? options.faultPlan?.(request, sequence) ?? null;
    });
    open.add(connection);
    stream.once("close", () => open.delete(connection));
  };
  const dropConnections = (): void => {
    for (const connection of open) connection.cut();
    open.clear();
  };
  const common = { faults, requests: () => requests, connections: () => open.size, dropConnections };

  if (options.kind === "rtu") {
    const stream = "stream" in options ? options.stream : await openSerial(options.path, options.baudRate);
    serve(stream, "rtu");
    return { ...common, port: 0, stop: () => closeStream(stream) };
  }
  const server = createServer({ noDelay: true }, (socket: Socket) =>
    serve(socket, options.kind === "tcp" ? "mbap" : "rtu"),
  );
  const port = await listen(server, options.host, options.port);
  const stop = async (): Promise<void> => {
    const closed = new Promise<void>((done) => server.close(() => done()));
    dropConnections();
    await closed;
  };
  return { ...common, port, stop };
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((done, fail) => {
    server.once("error", fail);
    server.listen(port, host, () => {
      server.off("error", fail);
      const address = server.address();
      done(typeof address === "object" && address !== null ? address.port : 0);
    });
  });
}

function openSerial(path: string, baudRate: number): Promise<Duplex> {
  return new Promise((done, fail) => {
    const port = new SerialPort({ path, baudRate, autoOpen: false });
    port.open((error) => {
      if (error) return fail(error);
      // serialport 13 on Node 26.4 and later reads only when something turns the event loop (serialport/node-serialport#3148).
      const timer = setInterval(() => {}, 5);
      port.once("close", () => clearInterval(timer));
      done(port);
    });
  });
}

function closeStream(stream: Duplex): Promise<void> {
  if (stream.destroyed) return Promise.resolve();
  return new Promise((done) => {
    stream.once("close", () => done());
    if (stream instanceof SerialPort) stream.close();
    else stream.destroy();
  });
}
