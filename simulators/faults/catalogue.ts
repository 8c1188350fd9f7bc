/** Where a fault sits: on the bus, in the meter, between a device and the broker, or in the relay. */
export type FaultKind = "wire" | "meter" | "uplink" | "supply";

type Param = { readonly value: number; readonly means: string };

/** One thing that may go wrong, again and again, in stretches that follow from a seed. */
export type FaultRow = {
  /** Goes into the hash: never changed, so that a new fault moves no old one. */
  readonly code: number;
  readonly kind: FaultKind;
  readonly wires: readonly ("modbus" | "mqtt")[];
  readonly title: { readonly zh: string; readonly en: string };
  /** What somebody who listens meets. */
  readonly does: string;
  /** A meter is hit once in so many hours. */
  readonly every: number;
  /** Each time for so long. */
  readonly minutes: number;
  /** Further numbers of this fault alone. */
  readonly more: Readonly<Record<string, Param>>;
};

const BOTH = ["modbus", "mqtt"] as const;
const ANSWERS = (value: number): FaultRow["more"] => ({
  answers: { value, means: "answers of one stretch that are hit; the rest is well" },
});

/** How often and how long are our choice: often enough to be met in an hour's watching of a street of meters. */
export const FAULTS = {
  "crc-error": {
    code: 1,
    kind: "wire",
    wires: ["modbus"],
    title: { zh: "校验错误", en: "Checksum error" },
    does: "RTU answers with a wrong CRC; a TCP gateway answers exception 11 in its place",
    every: 2,
    minutes: 3,
    more: ANSWERS(3),
  },
  "swapped-reply": {
    code: 2,
    kind: "wire",
    wires: ["modbus"],
    title: { zh: "应答错位", en: "Swapped replies" },
    does: "an answer and the connection's next one change places",
    every: 4,
    minutes: 3,
    more: ANSWERS(1),
  },
  "late-reply": {
    code: 3,
    kind: "wire",
    wires: ["modbus"],
    title: { zh: "迟到应答", en: "Late replies" },
    does: "an answer comes after the reader has given up",
    every: 4,
    minutes: 3,
    more: { ...ANSWERS(2), ms: { value: 1500, means: "milliseconds of real time" } },
  },
  "exception-reply": {
    code: 4,
    kind: "wire",
    wires: ["modbus"],
    title: { zh: "异常码", en: "Exception codes" },
    does: "the slave answers an exception",
    every: 4,
    minutes: 5,
    more: { ...ANSWERS(3), code: { value: 4, means: "Modbus exception code: 1, 2, 3, 4, 6, 10 or 11" } },
  },
  "no-reply": {
    code: 5,
    kind: "wire",
    wires: ["modbus"],
    title: { zh: "无应答", en: "No reply" },
    does: "the slave says nothing for the whole stretch",
    every: 12,
    minutes: 10,
    more: {},
  },
  "dropped-link": {
    code: 6,
    kind: "wire",
    wires: ["modbus"],
    title: { zh: "帧中断线", en: "Link dropped in mid-frame" },
    does: "half an answer, then the connection is gone",
    every: 6,
    minutes: 3,
    more: ANSWERS(1),
  },
  "stuck-register": {
    code: 10,
    kind: "meter",
    wires: BOTH,
    title: { zh: "读数冻结", en: "Stuck register" },
    does: "the same value for the whole stretch, while the meter goes on counting; then the true one again",
    every: 48,
    minutes: 180,
    more: {},
  },
  "transient-zero": {
    code: 11,
    kind: "meter",
    wires: BOTH,
    title: { zh: "瞬时归零", en: "Transient zero" },
    does: "0 on a register that never falls",
    every: 24,
    minutes: 10,
    more: {},
  },
  "sentinel-value": {
    code: 12,
    kind: "meter",
    wires: BOTH,
    title: { zh: "无效占位值", en: "Sentinel value" },
    does: "all ones, NaN or a text where a number belongs: the meter's way to say that it has none",
    every: 24,
    minutes: 10,
    more: {},
  },
  rollover: {
    code: 13,
    kind: "meter",
    wires: BOTH,
    title: { zh: "表盘翻转", en: "Rollover" },
    does: "the dial stands near its end and begins again at zero once, at an instant of the seed's choice; where the end is not known nothing happens",
    every: 240,
    minutes: 0,
    more: {},
  },
  jump: {
    code: 14,
    kind: "meter",
    wires: BOTH,
    title: { zh: "读数突变", en: "Jump" },
    does: "the register is suddenly higher and counts on from there",
    every: 240,
    minutes: 0,
    more: { by: { value: 5000, means: "kWh or m³" } },
  },
  "reversed-wiring": {
    code: 15,
    kind: "meter",
    wires: BOTH,
    title: { zh: "反接", en: "Reversed wiring" },
    does: "what is used counts backwards until somebody puts it right",
    every: 240,
    minutes: 1440,
    more: {},
  },
  "clock-drift": {
    code: 16,
    kind: "meter",
    wires: ["mqtt"],
    title: { zh: "时钟漂移", en: "Clock drift" },
    does: "the device's own time runs away by so much a day, until it is set right at the stretch's end",
    every: 240,
    minutes: 7200,
    more: { seconds: { value: 60, means: "seconds a day, ahead or behind as the seed wants" } },
  },
  "clock-jump": {
    code: 17,
    kind: "meter",
    wires: ["mqtt"],
    title: { zh: "时钟跳变", en: "Clock jump" },
    does: "the device's own time is off, ahead or behind as the seed wants",
    every: 240,
    minutes: 240,
    more: { hours: { value: 48, means: "hours off" } },
  },
  "duplicate-uplink": {
    code: 20,
    kind: "uplink",
    wires: ["mqtt"],
    title: { zh: "重复上报", en: "Duplicate uplinks" },
    does: "each message comes twice",
    every: 6,
    minutes: 60,
    more: { after: { value: 30, means: "seconds until the second one" } },
  },
  "reordered-uplink": {
    code: 21,
    kind: "uplink",
    wires: ["mqtt"],
    title: { zh: "乱序上报", en: "Reordered uplinks" },
    does: "messages overtake each other",
    every: 6,
    minutes: 60,
    more: { by: { value: 30, means: "minutes late at most" } },
  },
  "delayed-uplink": {
    code: 22,
    kind: "uplink",
    wires: ["mqtt"],
    title: { zh: "迟到上报", en: "Delayed uplinks" },
    does: "the device is silent and brings everything afterwards",
    every: 240,
    minutes: 2880,
    more: {},
  },
  "gateway-restart": {
    code: 23,
    kind: "uplink",
    wires: ["mqtt"],
    title: { zh: "网关重启补传", en: "Gateway restart" },
    does: "a gateway starts again and sends all it kept once more, acknowledged or not",
    every: 24,
    minutes: 0,
    more: { kept: { value: 6, means: "hours of messages that it keeps" } },
  },
  "relay-stuck": {
    code: 30,
    kind: "supply",
    wires: BOTH,
    title: { zh: "继电器拒动", en: "Relay stuck" },
    does: "an order is acknowledged and the relay does not move",
    every: 24,
    minutes: 120,
    more: {},
  },
  "valve-half": {
    code: 31,
    kind: "supply",
    wires: BOTH,
    title: { zh: "阀门半开", en: "Valve half way" },
    does: "an order is begun and sticks half way until the stretch ends; supply flows meanwhile",
    every: 24,
    minutes: 60,
    more: {},
  },
  "state-late": {
    code: 32,
    kind: "supply",
    wires: BOTH,
    title: { zh: "状态迟报", en: "State reported late" },
    does: "the relay moves at once and its state is told so much later",
    every: 24,
    minutes: 120,
    more: { seconds: { value: 90, means: "seconds late" } },
  },
  "ack-lost": {
    code: 33,
    kind: "supply",
    wires: BOTH,
    title: { zh: "应答丢失", en: "Acknowledgement lost" },
    does: "an order is carried out and its answer never comes; over Modbus the answer to a write",
    every: 12,
    minutes: 60,
    more: {},
  },
  "ack-late": {
    code: 34,
    kind: "supply",
    wires: ["mqtt"],
    title: { zh: "应答迟到", en: "Acknowledgement late" },
    does: "the answer to an order comes when nobody waits for it any more",
    every: 12,
    minutes: 60,
    more: { seconds: { value: 20, means: "seconds of real time late" } },
  },
  "relay-lies": {
    code: 35,
    kind: "supply",
    wires: BOTH,
    title: { zh: "状态错报", en: "Wrong relay state" },
    does: "the relay's position is told the wrong way round",
    every: 48,
    minutes: 60,
    more: {},
  },
  "relay-welded": {
    code: 36,
    kind: "supply",
    wires: BOTH,
    title: { zh: "触点粘连", en: "Relay welded" },
    does: "an order to cut is acknowledged and the relay says open, while current flows on; until it is ordered to close",
    every: 48,
    minutes: 240,
    more: {},
  },
} as const satisfies Record<string, FaultRow>;

export type FaultName = keyof typeof FAULTS;

export const FAULT_NAMES = Object.keys(FAULTS) as readonly FaultName[];
export const faultRow = (name: FaultName): FaultRow => FAULTS[name];
