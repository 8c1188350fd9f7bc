import type { Carrier } from "./carrier.ts";

/** The built-in inbox: a message is there at once, and delivered when the customer opens it. */
export const inboxCarrier: Carrier = {
  send: () => Promise.resolve({ kind: "accepted", detail: "waits to be opened" }),
  close: () => {},
};

/** Messages that the console of a demo shows in place of a telephone. Elsewhere it delivers nothing: nobody would read them. */
export const sandboxCarrier = (demo: boolean): Carrier => ({
  send: () =>
    Promise.resolve(
      demo
        ? { kind: "delivered", detail: "shown in the sandbox of the demo" }
        : { kind: "undeliverable", detail: "the sandbox is a channel of the demo alone" },
    ),
  close: () => {},
});
