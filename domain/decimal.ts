import { Decimal as Base } from "decimal.js";

/** The one decimal of the project: 40 digits, half away from zero, for tariff prices and money; never for every interval. */
export const Decimal = Base.clone({ precision: 40, rounding: Base.ROUND_HALF_UP });
export type Decimal = Base;
