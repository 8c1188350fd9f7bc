import type { SupplyState } from "./register.ts";
import type { ControlAction } from "./supply.ts";
import type { Utility } from "./unit.ts";

/**
 * What a relay or valve can be told. The relay's seven are the control codes of DL/T 645-2007 (C.4, control code 1C): trip 跳闸, close
 * permitted 合闸允许 (the customer presses the button), direct close 直接合闸, alarm 报警 on and off, protection 保电 on and off (a
 * protected meter refuses to trip). A valve opens, closes, or, where it can, lets a trickle through.
 */
export const SUPPLY_COMMANDS = {
  trip: { dlt645: 0x1a, drives: "relay", proof: "disconnected" },
  /** The supply stays off until the button is pressed: no position proves it. */
  close_permitted: { dlt645: 0x1b, drives: "relay", proof: null },
  direct_close: { dlt645: 0x1c, drives: "relay", proof: "connected" },
  alarm_on: { dlt645: 0x2a, drives: "relay", proof: null },
  alarm_off: { dlt645: 0x2b, drives: "relay", proof: null },
  protect_on: { dlt645: 0x3a, drives: "relay", proof: null },
  protect_off: { dlt645: 0x3b, drives: "relay", proof: null },
  valve_open: { dlt645: null, drives: "valve", proof: "connected" },
  valve_close: { dlt645: null, drives: "valve", proof: "disconnected" },
  valve_trickle: { dlt645: null, drives: "valve", proof: "limited" },
} as const satisfies Record<
  string,
  { readonly dlt645: number | null; readonly drives: "relay" | "valve"; readonly proof: SupplyState | null }
>;
export type SupplyCommand = keyof typeof SUPPLY_COMMANDS;

export const isSupplyCommand = (text: string): text is SupplyCommand => Object.hasOwn(SUPPLY_COMMANDS, text);

/** Commands that a profile knows, each with how it is said. A command that is not there is refused, never guessed. */
export type CommandMap<T> = Readonly<Partial<Record<SupplyCommand, T>>>;

/** The position that alone proves a command; `null`: its acceptance is all that can be known. */
export const proofOf = (command: SupplyCommand): SupplyState | null => SUPPLY_COMMANDS[command].proof;

/** Commands that take supply away, or most of it. */
export const takesSupply = (command: SupplyCommand): boolean =>
  command === "trip" || command === "valve_close" || command === "valve_trickle";

/** Who gave a command: a program by its rules, or a person who looked. */
export type CommandOrigin = "engine" | "person";

/**
 * Why a command must not leave, whatever its meter knows; `null` when nothing stands against it. Gas is never cut by a program: a flame that
 * went out and a valve that opens again make an explosion, so a person stands at the appliance (GB/T 28885, safe supply of gas).
 */
export function forbidden(wish: ControlAction | SupplyCommand, utility: Utility, origin: CommandOrigin): string | null {
  return utility === "gas" && origin === "engine"
    ? `gas is not switched by a program: ${wish} needs a person on the spot`
    : null;
}

/** How a supply is taken away where there is a choice; a policy says which. */
export type CutWay = "close" | "trickle";

type Control = {
  readonly commands: CommandMap<unknown>;
  /** The customer presses the meter's button to have supply back: `connect` only permits it. */
  readonly customerPresses?: true;
};

/** The command that carries out an intent of the outbox on a meter; `null` where its profile has none. */
export function commandFor(action: ControlAction, control: Control, cut: CutWay = "close"): SupplyCommand | null {
  const first = (...wanted: readonly SupplyCommand[]): SupplyCommand | null =>
    wanted.find((command) => command in control.commands) ?? null;
  switch (action) {
    case "connect":
      return control.customerPresses === true ? first("close_permitted") : first("direct_close", "valve_open");
    case "disconnect":
      return cut === "trickle" ? first("valve_trickle", "valve_close", "trip") : first("trip", "valve_close");
  }
}

/** What a wire says of a command. None of them proves anything: the position read back afterwards does. */
export type CommandOutcome =
  /** `device`: it answered that it has it; `wire`: it was handed over and nothing came back. */
  | { readonly kind: "accepted"; readonly by: "device" | "wire" }
  | { readonly kind: "refused"; readonly reason: CommandRefusal; readonly detail: string }
  | { readonly kind: "unreachable"; readonly detail: string };

export type CommandRefusal =
  /** The profile does not know the command. */
  | "not_supported"
  | "unknown_meter"
  /** Safety: see `forbidden`. */
  | "forbidden"
  /** The device's own answer. */
  | "device";
