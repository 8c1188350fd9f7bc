import type { SerialPort } from "serialport";

const AWAKE_MS = 5;

/**
 * Keeps a serial port quick on Node 26.4 and later: serialport 13 announces readable bytes without letting promises run
 * (serialport/node-serialport#3148, serialport/bindings-cpp#239), so they lie until something else turns the event loop; replies were
 * seen 8 s late. Each announcement now asks for one more turn; where the port does not show them (Windows), a timer turns it.
 * Answers how to end it.
 */
export function keptAwake(serial: SerialPort): () => void {
  const poller = (serial.port as unknown as { poller?: NodeJS.EventEmitter } | undefined)?.poller;
  if (poller === undefined) {
    const timer = setInterval(() => {}, AWAKE_MS);
    return () => clearInterval(timer);
  }
  const turn = (): void => void setImmediate(() => {});
  poller.on("readable", turn).on("writable", turn);
  return () => poller.off("readable", turn).off("writable", turn);
}

/** What lies in the driver's buffers belongs to nobody: the next reply must not begin with it. */
export const flushed = (serial: SerialPort): Promise<void> =>
  new Promise((done, fail) => serial.flush((error) => (error ? fail(error) : done())));

export function closed(serial: SerialPort): Promise<void> {
  return new Promise((done) => {
    if (!serial.isOpen) return done();
    serial.close(() => done());
  });
}
