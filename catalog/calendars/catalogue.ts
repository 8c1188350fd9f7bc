import type { WorkCalendar } from "../../domain/work-calendar.ts";
import { china } from "./china.ts";

export const CALENDARS: readonly WorkCalendar[] = [china];

export const calendarOf = (id: string): WorkCalendar | null => CALENDARS.find((one) => one.id === id) ?? null;
