import type { Source } from "../../domain/profile.ts";
import type { RegisterName } from "../../domain/register.ts";
import type { Utility } from "../../domain/unit.ts";

/** A meter without a wire: what its face shows is all that it says. A meter's `profile_id` names one of these. */
export type HandDial = {
  /** `by-hand-<utility>-<whole digits>-<decimals>` */
  readonly id: string;
  readonly utility: Utility;
  readonly register: RegisterName;
  /** Digits before the point; after all nines the dial begins again at zero. */
  readonly whole: number;
  /** Digits after the point, mostly red. */
  readonly decimals: number;
  readonly title: { readonly zh: string; readonly en: string };
  readonly source: Source;
};

const face: Source = {
  title: "Digits as they stand on the meter's face",
  note: "count them there: one size has several faces",
};

export const HAND_DIALS: readonly HandDial[] = [
  {
    id: "by-hand-electricity-5-1",
    utility: "electricity",
    register: "energy_import_kwh",
    whole: 5,
    decimals: 1,
    title: { zh: "机械字轮电能表 00000.0", en: "Drum electricity meter 00000.0" },
    source: face,
  },
  {
    id: "by-hand-electricity-6-2",
    utility: "electricity",
    register: "energy_import_kwh",
    whole: 6,
    decimals: 2,
    title: { zh: "液晶电能表 000000.00", en: "Electricity meter with a display, 000000.00" },
    source: { title: "DL/T 645-2007, annex A, table A.1: energy as XXXXXX.XX kWh" },
  },
  {
    id: "by-hand-water-5-3",
    utility: "water",
    register: "volume_m3",
    whole: 5,
    decimals: 3,
    title: { zh: "旋翼式水表 00000.000", en: "Water meter 00000.000" },
    source: face,
  },
  {
    id: "by-hand-water-4-4",
    utility: "water",
    register: "volume_m3",
    whole: 4,
    decimals: 4,
    title: { zh: "小口径水表 0000.0000", en: "Small water meter 0000.0000" },
    source: { title: "ISO 4064-1:2014, 6.7.1.3: a meter up to Q3 6.3 m³/h shows at least 9999 m³" },
  },
  {
    id: "by-hand-gas-5-3",
    utility: "gas",
    register: "volume_m3",
    whole: 5,
    decimals: 3,
    title: { zh: "膜式燃气表 00000.000", en: "Diaphragm gas meter 00000.000" },
    source: face,
  },
  {
    id: "by-hand-heat-6-0",
    utility: "heat",
    register: "heat_kwh",
    whole: 6,
    decimals: 0,
    title: { zh: "热量表 000000 kWh", en: "Heat meter 000000 kWh" },
    source: face,
  },
];

const BY_ID: ReadonlyMap<string, HandDial> = new Map(HAND_DIALS.map((dial) => [dial.id, dial]));

/** `null` for a meter that speaks by itself. */
export const handDialOf = (profileId: string): HandDial | null => BY_ID.get(profileId) ?? null;
