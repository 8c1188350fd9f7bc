import type { RegisterName } from "../../domain/register.ts";

/** Quantity of the reference → register of ours. */
export type Names = Readonly<Record<string, RegisterName>>;

const ENERGIES: Names = {
  Import: "energy_import_kwh",
  Export: "energy_export_kwh",
  ReactiveImport: "reactive_import_kvarh",
  ReactiveExport: "reactive_export_kvarh",
  ImportL1: "energy_import_l1_kwh",
  ImportL2: "energy_import_l2_kwh",
  ImportL3: "energy_import_l3_kwh",
  ExportL1: "energy_export_l1_kwh",
  ExportL2: "energy_export_l2_kwh",
  ExportL3: "energy_export_l3_kwh",
  ImportT1: "energy_import_t1_kwh",
  ImportT2: "energy_import_t2_kwh",
  ExportT1: "energy_export_t1_kwh",
  ExportT2: "energy_export_t2_kwh",
};
const LIVE: Names = {
  VoltageL1: "voltage_l1_v",
  VoltageL2: "voltage_l2_v",
  VoltageL3: "voltage_l3_v",
  CurrentL1: "current_l1_a",
  CurrentL2: "current_l2_a",
  CurrentL3: "current_l3_a",
  Power: "power_w",
  PowerL1: "power_l1_w",
  PowerL2: "power_l2_w",
  PowerL3: "power_l3_w",
  Cosphi: "power_factor",
  Frequency: "frequency_hz",
};
const THREE: Names = { ...ENERGIES, ...LIVE };
/** Single-phase meters have no phases in their names. */
const SINGLE: Names = { ...THREE, Voltage: "voltage_l1_v", Current: "current_l1_a" };
/** One counter for both directions. */
const SUM: Names = { ...SINGLE, Sum: "energy_import_kwh" };
const without = (names: Names, ...quantities: string[]): Names =>
  Object.fromEntries(Object.entries(names).filter(([quantity]) => !quantities.includes(quantity)));

/** `elsewhere`: registers that ours takes from another source, which the profile's own sources explain. */
export type Twin = { readonly id: string; readonly names: Names; readonly elsewhere?: readonly RegisterName[] };

export const MBMD_TWINS: Readonly<Record<string, Twin>> = {
  ABB: { id: "abb-b23", names: THREE },
  CGEM24: { id: "carlo-gavazzi-em24", names: without(THREE, "Import"), elsewhere: ["energy_import_kwh"] },
  CGEM24_E1: { id: "carlo-gavazzi-em24-e1", names: THREE },
  CGEX3X0: { id: "carlo-gavazzi-em340", names: THREE },
  DDM: { id: "ddm18sd", names: SUM },
  DMG610: { id: "lovato-dmg610", names: THREE },
  DS100: { id: "bgetech-ds100", names: without(THREE, "Export"), elsewhere: ["energy_export_kwh"] },
  DTSU666: { id: "chint-dtsu666", names: THREE },
  DZG: { id: "dzg-dvh4013", names: THREE },
  ELTAKODSZ15: { id: "eltako-dsz15dzmod", names: THREE },
  ELTAKODSZ16: { id: "eltako-dsz16", names: THREE },
  FIND7M24: { id: "finder-7m24", names: SINGLE },
  FIND7M38: { id: "finder-7m38", names: THREE },
  IEM3000: { id: "schneider-iem3155", names: THREE },
  INEPRO: { id: "inepro-pro380", names: THREE },
  JANITZA: { id: "janitza-b-series", names: THREE },
  MPM: { id: "bernecker-mpm3pm", names: THREE },
  ORNO1P504: { id: "orno-we504", names: SUM },
  ORNO1p: { id: "orno-we514", names: SUM },
  ORNO1p525: { id: "orno-we525", names: SINGLE },
  ORNO3p: { id: "orno-we516", names: THREE },
  PAC2200: { id: "siemens-pac2200", names: THREE, elsewhere: ["energy_import_t2_kwh", "energy_export_t2_kwh"] },
  SDM: { id: "eastron-sdm630", names: THREE },
  SDM120: { id: "eastron-sdm120", names: SINGLE },
  SDM220: { id: "eastron-sdm220", names: SINGLE },
  SDM230: { id: "eastron-sdm230", names: SINGLE, elsewhere: ["demand_import_max_kw"] },
  SDM54: { id: "eastron-sdm54", names: THREE },
  SDM72: { id: "eastron-sdm72", names: THREE },
  SDM72V2: { id: "eastron-sdm72-v2", names: THREE },
  SEMTR: {
    id: "solaredge-se-mtr-3y",
    names: { ...LIVE, ImportT1: "energy_import_kwh", ExportT1: "energy_export_kwh" },
  },
  WAGO87930: { id: "wago-879-30xx", names: THREE },
  WS100: { id: "bgetech-ws100", names: SINGLE },
  X961A: { id: "eastron-smart-x96-1a", names: THREE },
};

/**
 * `energy`: what the template's only counter is. Some templates read the meter of a generator, turned round: their energy
 * is our export and their power is negative. `differs`: where ours follows another source, with the reason.
 */
export type EvccTwin = {
  readonly id: string;
  readonly energy: "energy_import_kwh" | "energy_export_kwh";
  readonly differs?: "word order" | "signedness";
};

export const EVCC_TWINS: Readonly<Record<string, EvccTwin>> = {
  "acrel-adw300": { id: "acrel-adw300", energy: "energy_export_kwh" },
  // mbmd has the voltages and counters of both unsigned; no such meter lives to see the difference.
  "bgetech-ds100": { id: "bgetech-ds100", energy: "energy_export_kwh", differs: "signedness" },
  "bgetech-ws100": { id: "bgetech-ws100", energy: "energy_export_kwh", differs: "signedness" },
  // The maker's protocol: low word first.
  "cg-emt1xx": { id: "carlo-gavazzi-em111", energy: "energy_export_kwh", differs: "word order" },
  "eastron-sdm120": { id: "eastron-sdm120", energy: "energy_export_kwh" },
  "mypv-wifi-meter": { id: "mypv-wifi-meter", energy: "energy_import_kwh" },
  "siemens-7kt1665": { id: "siemens-7kt1665", energy: "energy_import_kwh" },
  "sma-homemanager-modbus": { id: "sma-home-manager-2", energy: "energy_import_kwh" },
};

/** Prepaid and water meters: how the entry's name begins → our profile. */
export const PREPAID_TWINS: Readonly<Record<string, string>> = {
  "Acrel DDSY1352": "acrel-ddsy1352",
  "Kaifeng Xintai": "kaifeng-xintai-ultrasonic",
};
