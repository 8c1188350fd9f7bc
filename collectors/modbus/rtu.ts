import type { EventEmitter } from "node:events";
import modbus from "modbus-serial";
import type { SerialPort } from "serialport";
import type { Exchange, LinkConfig, Session, SessionEvents } from "./link.ts";
import { connected, destroyed } from "./mbap.ts";
import { outcomeOf } from "./reply.ts";
import { functionCodeOf, type Outcome, type Request, refused } from "./request.ts";
import { closed, flushed, keptAwake } from "./serial.ts";

type ModbusRTU = InstanceType<typeof modbus.default>;

/**
 * RTU through modbus-serial, which frames, checks the CRC and times out, under a second look at the raw bytes: RTU has no transaction
 * id, and the library searches a reply anywhere in what has come. So a reply counts only when the bytes since the request are that
 * one frame and nothing else, and a byte that nobody asked for ends the connection.
 */
export async function openRtuOverTcp(
  host: string,
  port: number,
  timeoutMs: number,
  connectMs: number,
  events: SessionEvents,
): Promise<Session> {
  const socket = await connected(host, port, connectMs);
  socket.on("error", () => {}); // "close" follows
  const client = new modbus.default();
  await client.linkTelnet(socket, {}); // the library's true RTU over TCP; connectTcpRTUBuffered is not RTU
  return new RtuSession(client, socket, TURNAROUND_MS, timeoutMs, events, () => destroyed(socket));
}

export async function openSerial(
  config: LinkConfig & { kind: "rtu" },
  timeoutMs: number,
  events: SessionEvents,
): Promise<Session> {
  const { path, baudRate, parity = "none", dataBits = 8, stopBits = 1 } = config;
  const client = new modbus.default();
  client.on("error", () => {}); // "close" follows
  await client.connectRTUBuffered(path, { baudRate, parity, dataBits, stopBits });
  const serial = rawPortOf(client);
  const release = keptAwake(serial);
  const close = async (): Promise<void> => {
    await closed(serial);
    release();
  };
  try {
    await flushed(serial);
  } catch (error) {
    await close();
    throw error;
  }
  return new RtuSession(client, serial, silenceMs(baudRate), timeoutMs, events, close);
}

/** Bytes of a late or doubled reply show themselves in this pause: an RTU frame ends with silence. */
const TURNAROUND_MS = 2;
/** 3.5 characters of 11 bits, 1.75 ms above 19 200 baud: Modbus over Serial Line V1.02, 2.5.1.1. */
const silenceMs = (baudRate: number): number =>
  Math.max(TURNAROUND_MS, Math.ceil(baudRate > 19_200 ? 1.75 : 38_500 / baudRate));

/** The library keeps the port to itself; its version is pinned, and a change of this place fails at once. */
function rawPortOf(client: ModbusRTU): SerialPort {
  const port = (client as unknown as { _port?: { _client?: SerialPort } })._port?._client;
  if (port === undefined) throw new Error("modbus-serial no longer shows its serial port");
  return port;
}

class RtuSession implements Session {
  readonly #client: ModbusRTU;
  readonly #raw: EventEmitter;
  readonly #pauseMs: number;
  readonly #events: SessionEvents;
  readonly #closeRaw: () => Promise<void>;
  #current: Exchange | null = null;
  #came: Buffer[] = [];
  #quietSince = 0;
  #over = false;
  #destroyed: Promise<void> | null = null;
  readonly #onBytes = (chunk: Buffer): void => {
    if (this.#current === null) this.#break(`${chunk.length} bytes came that nobody had asked for: ${hex(chunk)}`);
    else this.#came.push(chunk);
  };
  readonly #onClose = (): void => this.#break("the other side closed the connection");

  constructor(
    client: ModbusRTU,
    raw: EventEmitter,
    pauseMs: number,
    timeoutMs: number,
    events: SessionEvents,
    closeRaw: () => Promise<void>,
  ) {
    this.#client = client;
    this.#raw = raw;
    this.#pauseMs = pauseMs;
    this.#events = events;
    this.#closeRaw = closeRaw;
    client.setTimeout(timeoutMs);
    raw.on("data", this.#onBytes);
    raw.once("close", this.#onClose);
  }

  /** The link sends one at a time. */
  send(exchange: Exchange): void {
    const wait = this.#quietSince + this.#pauseMs - performance.now();
    if (wait <= 0) void this.#exchange(exchange);
    else setTimeout(() => void this.#exchange(exchange), wait);
  }

  async #exchange(exchange: Exchange): Promise<void> {
    if (this.#over) return;
    this.#current = exchange;
    this.#came = [];
    let failure: unknown = null;
    try {
      await call(this.#client, exchange.request);
    } catch (error) {
      failure = error;
    }
    if (this.#over || this.#current !== exchange) return;
    this.#current = null;
    this.#quietSince = performance.now();
    this.#events.answered(exchange, judged(exchange.request, Buffer.concat(this.#came), failure));
  }

  #break(detail: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#events.broken(detail);
    void this.destroy();
  }

  destroy(): Promise<void> {
    this.#over = true;
    this.#raw.off("data", this.#onBytes);
    this.#raw.off("close", this.#onClose);
    this.#client.destroy(() => {}); // stops the library's timers; its promises stay open, ours were settled by the link
    this.#destroyed ??= this.#closeRaw();
    return this.#destroyed;
  }
}

function call(client: ModbusRTU, request: Request): Promise<unknown> {
  client.setID(request.unitId);
  if (request.kind === "read") {
    switch (request.table) {
      case "coil":
        return client.readCoils(request.address, request.count);
      case "discrete":
        return client.readDiscreteInputs(request.address, request.count);
      case "holding":
        return client.readHoldingRegisters(request.address, request.count);
      case "input":
        return client.readInputRegisters(request.address, request.count);
    }
  }
  const { functionCode, address, words } = request.write;
  switch (functionCode) {
    case 5:
      return client.writeCoil(address, words[0] !== 0);
    case 6:
      return client.writeRegister(address, words[0] ?? 0);
    case 16:
      return client.writeRegisters(address, [...words]);
  }
}

/** The library's verdict names a failure; only the bytes themselves make a success. */
function judged(request: Request, came: Buffer, failure: unknown): Outcome {
  if (came.length === 0) return refused("timeout", failure instanceof Error ? failure.message : "no reply in time");
  const whole = came.length >= 5 && crc16(came, came.length - 2) === came.readUInt16LE(came.length - 2);
  if (whole) return outcomeOf(request, came, 0, came.length - 2);
  const expected = expectedBytes(request);
  const payload = Uint8Array.from(came.subarray(0, 260));
  if (came[0] !== request.unitId) return refused("wrong_unit_id", `noise or another unit: ${hex(came)}`, payload);
  if (came.length < expected && came[1] === functionCodeOf(request)) {
    return refused("short_reply", `${expected} bytes were expected, ${came.length} came`, payload);
  }
  if (came.length > expected)
    return refused("malformed_payload", `${came.length - expected} bytes too many came`, payload);
  return refused("crc_error", `the CRC of ${hex(came)} is wrong`, payload);
}

function expectedBytes(request: Request): number {
  if (request.kind === "write") return 8;
  const bits = request.table === "coil" || request.table === "discrete";
  return 5 + (bits ? (request.count + 7) >> 3 : request.count * 2);
}

const hex = (bytes: Buffer): string => bytes.toString("hex", 0, Math.min(bytes.length, 32));

/** CRC-16/MODBUS: Modbus over Serial Line V1.02, 6.2.2. */
export function crc16(bytes: Uint8Array, end: number): number {
  let crc = 0xffff;
  for (let i = 0; i < end; i++) {
    crc ^= bytes[i] ?? 0;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xa001 : crc >>> 1;
  }
  return crc;
}
