import type { ColumnType, GeneratedAlways } from "kysely";
import type { Instant } from "../../domain/instant.ts";
import type { Day } from "../../domain/period.ts";

/** What columns hold when read, and what they take when written. */
export type At = ColumnType<Instant, string, string>;
export type AtNull = ColumnType<Instant | null, string | null | undefined, string | null>;
export type DayColumn = ColumnType<Day, string, string>;
export type DayNull = ColumnType<Day | null, string | null | undefined, string | null>;
export type Id = GeneratedAlways<bigint>;
export type Json<T = unknown> = ColumnType<T, string, string>;
export type JsonDefault<T = unknown> = ColumnType<T, string | undefined, string>;
export type Null<T> = ColumnType<T | null, T | null | undefined, T | null>;
export type UtilityColumn = "electricity" | "gas" | "water" | "heat";
