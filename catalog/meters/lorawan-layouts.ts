import type { BinaryLayout, ValueMap } from "../../domain/profile.ts";
import { valuesByRegisterName } from "./sanbiao-json.ts";

/** Axioma Qalcosonic W1: a stored total and 23 hourly increments; the total at the time of the frame is their sum. */
export const axiomaW1Enhanced: BinaryLayout = {
  id: "axioma-w1-enhanced",
  fPort: 100,
  bytesMin: 51,
  bytesMax: 51,
  header: { offset: 0, hex: "01" },
  time: { offset: 1, type: "u32", endian: "little", format: "unix_s" },
  fields: [{ register: "alarm_state", offset: 5, type: "u8", endian: "little", scale: "1" }],
  packed: {
    register: "volume_m3",
    base: { offset: 6, type: "u32", endian: "little" },
    offset: 10,
    bits: 14,
    count: 23,
    scale: "0.001",
    zeroBits: 6,
  },
  source: {
    title: "TheThingsNetwork/lorawan-devices, vendor/axioma, qalcosonic-w1 codec",
    link: "https://github.com/TheThingsNetwork/lorawan-devices",
    note: "bytes of a real meter; a multiplier other than 0 behind the increments is refused",
  },
};

/** The gas module of the demonstration town. */
export const demoGasModule: BinaryLayout = {
  id: "sanbiao-demo-gas",
  fPort: 10,
  bytesMin: 11,
  bytesMax: 11,
  header: { offset: 0, hex: "53" },
  time: { offset: 1, type: "u32", endian: "big", format: "unix_s" },
  fields: [
    { register: "volume_m3", offset: 5, type: "u32", endian: "big", scale: "0.001" },
    {
      register: "valve_state",
      offset: 9,
      type: "u8",
      endian: "big",
      scale: "1",
      states: [
        { mask: 0xff, equals: 0, state: "disconnected" },
        { mask: 0xff, equals: 1, state: "connected" },
        { mask: 0xff, equals: 2, state: "moving" },
      ],
    },
    { register: "battery_v", offset: 10, type: "u8", endian: "big", scale: "0.1" },
  ],
  source: { title: "invented for the demonstration town" },
};

export const LORAWAN_LAYOUTS: readonly BinaryLayout[] = [axiomaW1Enhanced, demoGasModule];

const VALVE = {
  open: "connected",
  opened: "connected",
  closed: "disconnected",
  close: "disconnected",
  on: "connected",
  off: "disconnected",
} as const;

/**
 * What decoders in a network server call things: our own register names first, then names that carry their unit or
 * whose unit the public codecs agree upon. A bare `volume` or `counter` is not guessed.
 */
export const decodedValues = (prefix: string): ValueMap[] => [
  ...valuesByRegisterName(prefix),
  { register: "volume_m3", path: `${prefix}current_volume_m3` },
  { register: "volume_m3", path: `${prefix}total_volume_m3` },
  { register: "volume_m3", path: `${prefix}total_m3` },
  { register: "volume_m3", path: `${prefix}volume_l`, unit: "l" },
  { register: "volume_m3", path: `${prefix}total_l`, unit: "l" },
  { register: "volume_m3", path: `${prefix}total_volume_l`, unit: "l" },
  { register: "volume_reverse_m3", path: `${prefix}reverse_volume_m3` },
  { register: "energy_import_kwh", path: `${prefix}total_energy_kwh` },
  { register: "energy_import_kwh", path: `${prefix}active_energy_kwh` },
  { register: "energy_import_kwh", path: `${prefix}energy_kwh` },
  { register: "energy_import_kwh", path: `${prefix}energy_wh`, unit: "Wh" },
  { register: "heat_kwh", path: `${prefix}heat_energy_kwh` },
  { register: "power_w", path: `${prefix}power_kw`, unit: "kW" },
  { register: "battery_v", path: `${prefix}battery_voltage` },
  { register: "battery_v", path: `${prefix}battery_mv`, unit: "mV" },
  { register: "temperature_degc", path: `${prefix}temperature_c` },
  { register: "valve_state", path: `${prefix}valve`, states: VALVE },
];

/** A frame of a real W1 as its codec documents it: 5.938 m³ stored and 0.116 m³ since. */
export const W1_FRAME = "Aa6smGoAMhcAAAAAAAAAAAAAgAOAAFQADkAFEABIAAJAAgAAIAAAAAAAAAAAAAAAAAAA";
