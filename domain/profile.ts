import type { RegisterName, SupplyState } from "./register.ts";
import type { CommandMap } from "./supply-command.ts";
import type { Unit, Utility } from "./unit.ts";

/**
 * A meter profile is data: how one kind of meter speaks, with its source and its own samples.
 * The same file drives the collector, the simulator and `sanbiao decode`.
 */
export type Profile = ModbusProfile | MqttProfile | DialectProfile;

export type Source = { readonly title: string; readonly link?: string; readonly note?: string };

type ProfileBase = {
  /** Stable, lower case with hyphens: `eastron-sdm630`. */
  readonly id: string;
  readonly maker: string;
  readonly model: string;
  /** What it meters; several when one dialect carries many kinds of meter. */
  readonly utilities: readonly Utility[];
  readonly sources: readonly Source[];
  /** How far the register map is trusted and what to confirm on site. */
  readonly confidence: "documented" | "third-party" | "invented for the demo";
  /** What only the installation knows and must be stated with the meter: readings are multiplied by it. */
  readonly asks?: readonly ("pulse_weight" | "ct_ratio" | "vt_ratio")[];
};

export type WordType = "u16" | "s16" | "u32" | "s32" | "u48" | "u64" | "s64" | "f32" | "f64" | "bcd32";
/** ABCD: big-endian, high word first. CDAB: low word first. BADC: bytes swapped in each word. DCBA: fully little-endian. */
export type WordOrder = "ABCD" | "CDAB" | "BADC" | "DCBA";
export type RegisterTable = "holding" | "input" | "coil" | "discrete";
/** How often a register is asked: `billing` each interval, `power` for the live picture, `state` relays and valves, `slow` ratios and batteries. */
export type PollGroup = "billing" | "power" | "state" | "slow";
/** Seconds between polls of a group where the bus states nothing else. Our choice. */
export const POLL_SECONDS: Readonly<Record<PollGroup, number>> = { billing: 60, power: 60, state: 30, slow: 3600 };

export type ModbusRegister = {
  readonly register: RegisterName;
  readonly table: RegisterTable;
  /** 0-based protocol address as put on the wire. */
  readonly address: number;
  readonly type: WordType;
  readonly order: WordOrder;
  /** Unit of the register = raw × scale. A decimal string. */
  readonly scale: string;
  readonly group: PollGroup;
  /** Digits of the dial in the register's unit, where the meter rolls over before its type does: `"999999.99"`. */
  readonly dialMax?: string;
  /** Raw words (hex, whole register) that mean "not available" beside all-ones and NaN. */
  readonly notAvailable?: readonly string[];
  /** For `state` registers: raw & mask → position; first match wins, none → fault. */
  readonly states?: readonly { readonly mask: number; readonly equals: number; readonly state: SupplyState }[];
  /** A step coarser than 0.01 of a billed unit is stated: float32 at 1.2 million moves by 0.125. */
  readonly step?: string;
};

export type ModbusWrite = {
  /** 5 single coil, 6 single register, 16 several registers. */
  readonly functionCode: 5 | 6 | 16;
  readonly address: number;
  readonly words: readonly number[];
};

/** A write; `percentAt`: the word at this place is the opening in percent, as it stands or as it is asked for (1 to 100). */
export type ModbusCommand = ModbusWrite & { readonly percentAt?: number };

export type ModbusControl = {
  readonly commands: CommandMap<ModbusCommand>;
  /** The customer presses the meter's button to have supply back. */
  readonly customerPresses?: true;
  /** The state register that proves the command. */
  readonly readBack: RegisterName;
};

/**
 * Values that a meter froze at fixed times of its own clock and keeps: number 1 is the newest, number n stands `stride` × (n − 1)
 * words behind it. A freeze that was never made is all zeros or all ones.
 */
export type ModbusHistory = {
  readonly every: "day" | "month";
  readonly count: number;
  readonly table: "holding" | "input";
  readonly address: number;
  readonly stride: number;
  /** When it was frozen, local time, in BCD as DL/T 645 writes it: three words YYMM DDhh mm00 at this place of the freeze. */
  readonly timeOffset: number;
  /** `address` counts from the beginning of the freeze. */
  readonly registers: readonly Pick<ModbusRegister, "register" | "address" | "type" | "order" | "scale">[];
  readonly samples: readonly {
    readonly hex: string;
    /** ISO 8601 in Asia/Shanghai; absent: a freeze that was never made. */
    readonly frozenAt?: string;
    readonly readings: Expectation["readings"];
  }[];
};

/** A request to a device for what it stored in `{from}` to `{to}` (ISO 8601 in UTC); it answers with readings that carry their times. */
export type MqttHistory = {
  /** `{device}`, `{id}`, `{from}` and `{to}` are filled in, in topic and payload. */
  readonly topic: string;
  readonly request: string;
  readonly every_s: number;
  readonly keepsDays: number;
};

/** Words that name the meter: its own code of make and model. What else tells it (frequency, voltage, totals) follows from its registers. */
export type ModbusProbe = {
  readonly title: string;
  readonly table: RegisterTable;
  readonly address: number;
  /** The words as they come, each hex without gaps: `42323320`. Any of them fits. */
  readonly anyOf: readonly string[];
};

/** How a clock is written in registers; it shows whole seconds. */
export type ClockFormat =
  /** Six words: year, month, day, hour, minute, second. */
  | "ymdhms_words"
  /** Three words of two bytes: year − 2000 and month, day and hour, minute and second. */
  | "ymdhms_bytes"
  /** The same in BCD. */
  | "ymdhms_bcd"
  /** Two words, the high one first: seconds since 1970 UTC. */
  | "unix_s";

/** The meter's own clock. */
export type ModbusClock = {
  readonly table: "holding" | "input";
  readonly address: number;
  readonly format: ClockFormat;
  /** `local`: of the operator's zone. */
  readonly zone: "local" | "utc";
  /** It may be set: one write of all its words (function 16) where it is read. */
  readonly writable?: true;
};

export type ModbusProfile = ProfileBase & {
  readonly kind: "modbus";
  readonly registers: readonly ModbusRegister[];
  readonly history?: ModbusHistory;
  readonly control?: ModbusControl;
  /** How a scan of a bus tells this meter from others. */
  readonly probe?: ModbusProbe;
  readonly clock?: ModbusClock;
  /** Most words in one request; 125 by the standard, less for some meters. */
  readonly blockWordsMax?: number;
  /** Unused words that may be read along to merge two blocks; 0 for meters that refuse holes. */
  readonly gapWordsMax?: number;
  readonly samples: readonly ModbusSample[];
};

/** Words as they come from the wire → what must be read from them. */
export type ModbusSample = {
  readonly title: string;
  readonly words: readonly { readonly table: RegisterTable; readonly address: number; readonly hex: string }[];
  readonly expect: Expectation;
};

export type Expectation = {
  /** Decimal text in the register's unit, or the position's name for state registers. */
  readonly readings: Partial<Record<RegisterName, string>>;
  /** Register or `frame` → reason of refusal. */
  readonly refused?: Readonly<Record<string, string>>;
};

/** Where in a JSON payload something stands: keys joined by dots, array places as numbers: `params.switch:0.aenergy.total`. */
export type JsonPath = string;

/**
 * How the time of measurement is written. `any`: ISO text, or seconds or milliseconds since 1970 told apart by size.
 * `local` has no offset: it is read in the zone that the caller names, else it counts as absent. `received`: none on the wire.
 */
export type TimeFormat = "iso" | "unix_s" | "unix_ms" | "any" | "local" | "received";

/** Where the time stands. A backlog without a time is worthless, so `required` refuses it there. */
export type TimeMap = { readonly path: JsonPath; readonly format: TimeFormat; readonly required?: true };

export type PayloadUnit = Unit | "MWh" | "Wh" | "Wmin" | "l" | "MJ" | "varh" | "mV" | "mA";

export type ValueMap = {
  readonly register: RegisterName;
  /** Absent for a text payload: the whole payload is the value. */
  readonly path?: JsonPath;
  /** Unit the payload uses; converted to the register's unit. */
  readonly unit?: PayloadUnit;
  /** Payload text → position, for supply registers (compared as text, lower case). */
  readonly states?: Readonly<Record<string, SupplyState>>;
  /** Payload text → code, for other state registers; `*` for every other text. */
  readonly codes?: Readonly<Record<string, number>>;
  /** Values that mean "not available", as text, lower case: refused as `sentinel`. */
  readonly notAvailable?: readonly string[];
  /** Values that say nothing yet and are no fault (`nan` of ESPHome before the first pulse): skipped. */
  readonly skip?: readonly string[];
  /** The topic's `{name}` must match this pattern: `(^|_)energy(_|$)`. */
  readonly name?: string;
  /** A second meter behind the same device: the reading belongs to `<device>:<part>`. */
  readonly part?: string;
  /** Takes the value only when the payload says so, as `{ path: "media", equals: ["water", "warm water"] }`. */
  readonly when?: { readonly path: JsonPath; readonly equals: readonly string[] };
};

/** A field of a binary payload (LoRaWAN and the like). */
export type BinaryField = {
  readonly register: RegisterName;
  readonly offset: number;
  readonly type: "u8" | "u16" | "u24" | "u32" | "s32" | "f32";
  readonly endian: "big" | "little";
  readonly scale: string;
  readonly states?: readonly { readonly mask: number; readonly equals: number; readonly state: SupplyState }[];
};

/** A stored total and `count` increments since, `bits` wide, packed from the low bit on: the total now is their sum. */
export type PackedDeltas = {
  readonly register: RegisterName;
  readonly base: { readonly offset: number; readonly type: "u32"; readonly endian: "big" | "little" };
  readonly offset: number;
  readonly bits: number;
  readonly count: number;
  readonly scale: string;
  /** Bits behind the increments that must be zero, else the increments mean something else. */
  readonly zeroBits?: number;
};

export type BinaryLayout = {
  readonly id: string;
  /** A payload matches when it is this long (`bytesMax` absent: or longer), on this port, with this header. */
  readonly fPort?: number;
  readonly bytesMin: number;
  readonly bytesMax?: number;
  readonly header?: { readonly offset: number; readonly hex: string };
  readonly time?: {
    readonly offset: number;
    readonly type: "u32";
    readonly endian: "big" | "little";
    readonly format: "unix_s";
  };
  readonly fields: readonly BinaryField[];
  readonly packed?: PackedDeltas;
  readonly source: Source;
};

/**
 * How the messages of one topic pattern are read. Maps are tried in order; the first whose topic matches and that yields
 * something wins, so that a dialect may list its JSON and its plain-text form of one topic.
 */
export type MessageMap = {
  /** Levels with `{device}`, `{name}` (one level each), `{rest}` (any number, last) or `{device*}` (last, may hold slashes). */
  readonly topic: string;
  readonly payload: "json" | "text";
  /** Where the device key stands; the topic's `{device}` where absent. Base64 for ChirpStack v3. Compared in lower case. */
  readonly device?: { readonly path: JsonPath; readonly encoding?: "text" | "base64-hex" };
  /** Tried in order: the first that is there counts. */
  readonly time?: readonly TimeMap[];
  readonly values: readonly ValueMap[];
  /** Where base64 bytes stand and which layouts may read them; the port is at `fPortPath`. */
  readonly binary?: {
    readonly path: JsonPath;
    readonly fPortPath: JsonPath;
    readonly layouts: readonly BinaryLayout[];
  };
  /** An array at this path whose elements each are a payload of their own: `device`, `time` and `values` are relative to it. */
  readonly each?: JsonPath;
  /** An answer to a command, when `result` or `error` is there: only the state register proves that the supply moved. */
  readonly answer?: {
    readonly id: JsonPath;
    readonly result: JsonPath;
    readonly error: JsonPath;
    /** It is signed (docs/reference/mqtt.md): it counts only when its signature does. */
    readonly signed?: true;
  };
  /** Message is understood and carries nothing to keep (an announcement, our own command heard again). */
  readonly ignore?: true;
  /** A message without any known field is no fault here: this topic carries much else. */
  readonly quiet?: true;
};

/** `{device}`, `{id}` (the command's number) and `{percent}` are filled in, in topic and payload. */
export type MqttCommand = { readonly topic: string; readonly payload: string };

export type MqttControl = {
  readonly commands: CommandMap<MqttCommand>;
  readonly customerPresses?: true;
  readonly readBack: RegisterName;
  /** Makes the device say its state; asked when it has not said it soon after a command. Absent: it cannot be asked. */
  readonly status?: MqttCommand;
  /** The device answers each command by its number (`answer` of a message map). */
  readonly answers?: true;
  /** A meter with a key of its own is told in the signed envelope (docs/reference/mqtt.md), on this topic. */
  readonly signedTopic?: string;
};

export type MqttProfile = ProfileBase & {
  readonly kind: "mqtt";
  readonly messages: readonly MessageMap[];
  readonly control?: MqttControl;
  readonly history?: MqttHistory;
  readonly samples: readonly MqttSample[];
};

export type MqttSample = {
  readonly title: string;
  readonly topic: string;
  readonly payload: string;
  readonly receivedAt?: string;
  readonly expect: Expectation & { readonly device?: string; readonly measuredAt?: string };
};

/**
 * A dialect of MQTT whose messages are understood only by what was said before: births that give names and units to numbers,
 * attributes that stand in topics of their own. The rules of the dialect are code; what its names mean is this data.
 */
export type DialectProfile = ProfileBase & {
  readonly kind: "dialect";
  readonly dialect: "sparkplug-b" | "homie-4" | "homie-5";
  /** MQTT filters of everything that it reads. */
  readonly filters: readonly string[];
  /** Tried in order: the first whose name matches and whose register has the stated unit. */
  readonly metrics: readonly MetricMap[];
  readonly control?: MqttControl;
  readonly samples: readonly DialectSample[];
};

export type MetricMap = {
  readonly register: RegisterName;
  /**
   * Pattern of the whole name, upper and lower case alike: a metric's name (`Energy/Import`), or node and property
   * (`energy/total`). A group `(?<part>…)` names a further meter behind the device: the reading belongs to `<device>:<part>`.
   */
  readonly name: string;
  /** The unit when the device states none; absent: a number without a stated unit is refused. */
  readonly unitIfUnstated?: PayloadUnit;
  /** Text of the value → position, for supply registers. A map of another unit or kind is passed over. */
  readonly states?: Readonly<Record<string, SupplyState>>;
};

/** Messages in their order → what must be read from the last one. */
export type DialectSample = {
  readonly title: string;
  readonly messages: readonly {
    readonly topic: string;
    /** Text, or hex of the bytes where `hex` says so. */
    readonly payload: string;
    readonly hex?: true;
  }[];
  readonly expect: Expectation & {
    readonly device?: string;
    readonly measuredAt?: string;
    /** The last message is answered by a request of ours. */
    readonly asks?: "rebirth";
  };
};
