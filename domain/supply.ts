/** Where a prepaid supply stands in the engine's walk. */
export type SupplyStage =
  | "normal"
  | "warned_1"
  | "warned_2"
  | "notice_served"
  | "cut_due"
  | "cut_sent"
  | "cut"
  | "reconnect_due"
  | "reconnect_sent"
  | "close_permitted"
  | "unknown";

/** What is wanted of a relay or valve. */
export type SupplyPosition = "connected" | "disconnected";

/** What an end-device control orders. */
export type ControlAction = "disconnect" | "connect";
export const POSITION_OF: Record<ControlAction, SupplyPosition> = { disconnect: "disconnected", connect: "connected" };

/** Everything that is told of an account's supply. */
export type SupplyEventKind =
  | "warned_1"
  | "warned_2"
  | "notice_served"
  | "second_notice"
  | "recovered"
  | "cut_due"
  | "cut_held"
  | "cut_withdrawn"
  | "cut_sent"
  | "cut_confirmed"
  | "credit"
  | "emergency_repaid"
  | "reconnect_due"
  | "reconnect_sent"
  | "close_permitted"
  | "restored"
  | "order_refused"
  | "order_unknown"
  | "position_seen";

/** Why somebody said that a supply, or all of an operator's, is not to be cut. */
export const HOLD_KINDS = ["pause", "dispute", "stop_window", "protection"] as const;
export type HoldKind = (typeof HOLD_KINDS)[number];
