/**
 * Load shapes, normalised. Derived figures, not the series themselves.
 *
 * Day factors (`[weekday, weekend]` for January … December) are means of the daily sums of the whole days 2006-12-17 to
 * 2010-11-25, divided so that twelve months of five weekdays and two weekend days average 1. Source: Georges Hebrail and
 * Alice Berard, "Individual Household Electric Power Consumption", UCI Machine Learning Repository 2012,
 * https://doi.org/10.24432/C58K54, licence CC BY 4.0. Changed: aggregated and normalised as said.
 *
 * Hours of an electric day are hourly means of a facility's load of one Sunday and one Monday at one-minute resolution
 * (2023-04-09 and -10), divided by their sum. Source: we3lab, eeco sample data, https://github.com/we3lab/eeco, MIT licence.
 *
 * Hours of water and gas are invented for the demo: no free household series at hand.
 */
export type ShapeName =
  | "electricity_heating"
  | "electricity_cooling"
  | "electricity_common"
  | "water"
  | "gas"
  | "steady"
  | "solar"
  | "workshop";

type DayFactors = readonly (readonly [weekday: number, weekend: number])[];
type Hours = readonly number[];
export type Shape = { readonly days: DayFactors; readonly weekday: Hours; readonly weekend: Hours };

/** UCI `Global_active_power`: a home that heats with electricity and is away in August. */
const HOME: DayFactors = [
  [1.251, 1.542],
  [1.111, 1.383],
  [1.054, 1.295],
  [0.907, 1.06],
  [0.888, 1.062],
  [0.794, 0.914],
  [0.621, 0.689],
  [0.52, 0.563],
  [0.848, 0.995],
  [0.994, 1.151],
  [1.149, 1.259],
  [1.255, 1.608],
];
/** UCI `Sub_metering_1`, the kitchen: stands for gas, which here cooks and heats water. */
const KITCHEN: DayFactors = [
  [0.841, 2.283],
  [0.686, 1.834],
  [0.78, 1.935],
  [0.739, 1.524],
  [0.876, 1.625],
  [0.996, 1.62],
  [0.566, 0.801],
  [0.402, 0.582],
  [0.827, 1.554],
  [0.721, 1.527],
  [0.914, 1.75],
  [0.979, 1.646],
];
/** UCI `Sub_metering_2`, the laundry: stands for water. */
const LAUNDRY: DayFactors = [
  [0.939, 1.891],
  [0.885, 1.544],
  [1.156, 1.558],
  [0.829, 1.064],
  [0.882, 1.312],
  [0.854, 1.189],
  [0.669, 1.028],
  [0.573, 0.703],
  [0.813, 1.118],
  [1.011, 1.493],
  [1.065, 1.012],
  [0.926, 1.579],
];
/** The same home with summer as its hard season (half a year shifted): a flat that cools. */
const COOLING: DayFactors = [...HOME.slice(6), ...HOME.slice(0, 6)];
const EVEN: DayFactors = Array.from({ length: 12 }, () => [1, 1] as const);

const MONDAY: Hours = [
  0.525, 0.44, 0.433, 0.429, 0.571, 0.569, 0.581, 0.601, 0.474, 0.448, 0.543, 0.688, 0.778, 0.799, 0.371, 0.421, 0.484,
  0.528, 0.412, 0.786, 0.615, 0.767, 0.622, 0.469,
];
const SUNDAY: Hours = [
  0.422, 0.423, 0.423, 0.408, 0.748, 0.879, 0.921, 0.831, 0.538, 0.412, 0.613, 0.839, 0.842, 0.553, 0.412, 0.403, 0.447,
  0.601, 0.795, 0.863, 0.843, 0.864, 0.7, 0.629,
];
const WATER_HOURS: Hours = [2, 1, 1, 1, 1, 4, 12, 14, 9, 6, 5, 7, 8, 5, 4, 4, 5, 8, 12, 14, 13, 10, 7, 4];
const GAS_HOURS: Hours = [1, 1, 1, 1, 1, 5, 12, 9, 4, 3, 7, 16, 9, 3, 2, 3, 8, 18, 16, 9, 7, 5, 3, 1];
/** Light in the stairwell: the dark hours. */
const DARK_HOURS: Hours = [9, 9, 9, 9, 9, 8, 5, 2, 1, 1, 1, 1, 1, 1, 1, 1, 2, 6, 9, 9, 9, 9, 9, 9];
/** A roof that looks south, and a workshop with one long shift: invented. */
const SUN_HOURS: Hours = [0, 0, 0, 0, 0, 0, 1, 4, 8, 12, 15, 17, 17, 15, 12, 8, 4, 1, 0, 0, 0, 0, 0, 0];
const SUN_DAYS: DayFactors = [0.65, 0.75, 0.9, 1.1, 1.2, 1.2, 1.4, 1.35, 1.1, 0.95, 0.75, 0.65].map((of) => [of, of]);
const SHIFT_HOURS: Hours = [1, 1, 1, 1, 1, 1, 2, 8, 14, 16, 16, 14, 8, 14, 16, 16, 14, 8, 3, 2, 1, 1, 1, 1];
const SHIFT_DAYS: DayFactors = Array.from({ length: 12 }, () => [1.22, 0.45] as const);

const EVEN_HOURS: Hours = Array.from({ length: 24 }, () => 1);

export const SHAPES: Readonly<Record<ShapeName, Shape>> = {
  electricity_heating: { days: HOME, weekday: MONDAY, weekend: SUNDAY },
  electricity_cooling: { days: COOLING, weekday: MONDAY, weekend: SUNDAY },
  electricity_common: { days: EVEN, weekday: DARK_HOURS, weekend: DARK_HOURS },
  water: { days: LAUNDRY, weekday: WATER_HOURS, weekend: WATER_HOURS },
  gas: { days: KITCHEN, weekday: GAS_HOURS, weekend: GAS_HOURS },
  solar: { days: SUN_DAYS, weekday: SUN_HOURS, weekend: SUN_HOURS },
  workshop: { days: SHIFT_DAYS, weekday: SHIFT_HOURS, weekend: SHIFT_HOURS },
  steady: { days: EVEN, weekday: EVEN_HOURS, weekend: EVEN_HOURS },
};
