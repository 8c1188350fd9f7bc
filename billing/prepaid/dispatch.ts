import type { MeterId, OperatorId } from "../../domain/reading.ts";
import type { ControlAction } from "../../domain/supply.ts";
import type { PrepaidDeps } from "./engine.ts";

/** What the wire said: `sent` = handed over or acknowledged; `refused` = the meter said no; `unreachable` = nobody there. */
export type SendOutcome = "sent" | "refused" | "unreachable";
export type SendControl = (operatorId: OperatorId, meterId: MeterId, action: ControlAction) => Promise<SendOutcome>;

export type Dispatcher = {
  /** One turn over all operators' outboxes: connects before disconnects, guards looked at again. The shell calls it often, and at once when an order was queued. */
  turn(): Promise<void>;
};

export declare function controlDispatcher(deps: PrepaidDeps & { readonly send: SendControl }): Dispatcher;
