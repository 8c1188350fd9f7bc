import { DAY_MS, type Instant, isoOf } from "../../../domain/instant.ts";
import type { Said, Year } from "./town.ts";

/** What comes later than this no fault of the year delays. */
const WINDOW_MS = 20 * DAY_MS;

/** What the town's devices believe to be safe, looked for in the book. */
export class Journal {
  /** Of the last days, by the instant. */
  readonly #keys = new Map<string, Instant>();
  readonly #year: Year;

  constructor(year: Year) {
    this.#year = year;
  }

  /**
   * Everything acknowledged since the last look is in the book, stands as a conflict with what is there, or was refused with
   * its reason written down. @returns what is nowhere, and how many readings the book has more or fewer than were sent
   */
  async look(): Promise<{ lost: string[]; surplus: number }> {
    const year = this.#year;
    const said = year.said.splice(0);
    const numbers = said.filter(({ value }) => value !== null);
    const { rows } = await year.owner.query<{ ord: bigint; state: "booked" | "conflict" | "nowhere" }>(
      `select p.ord, case when r.value = p.value then 'booked'
                          when exists (select 1 from reading_conflict c where c.meter_id = p.meter_id and c.register = p.register
                                        and c.measured_at = p.at and c.value = p.value) then 'conflict' else 'nowhere' end as state
         from unnest($1::bigint[], $2::smallint[], $3::timestamptz[], $4::bigint[]) with ordinality as p (meter_id, register, at, value, ord)
         left join reading r on r.meter_id = p.meter_id and r.register = p.register and r.measured_at = p.at`,
      [
        numbers.map(({ meter }) => year.meterIds.get(meter.serial)),
        numbers.map(({ meter }) => registerOf(meter.utility)),
        numbers.map(({ at }) => isoOf(at)),
        numbers.map(({ value }) => value),
      ],
    );
    const refused = said.filter(({ value }) => value === null);
    for (const { ord, state } of rows) {
      const one = numbers[Number(ord) - 1];
      if (one === undefined) continue;
      if (state === "booked") this.#keys.set(`${one.meter.serial} ${one.at}`, one.at);
      else if (state === "nowhere") refused.push(one);
    }
    const lost = await this.#notRefused(refused);
    const since = (year.now - WINDOW_MS) as Instant;
    for (const [key, at] of this.#keys) if (at <= since) this.#keys.delete(key);
    const { rows: counts } = await year.owner.query<{ n: bigint }>(
      "select count(*) as n from reading where source = 2 and register in (1, 20) and measured_at > $1",
      [isoOf(since)],
    );
    return { lost, surplus: Number(counts[0]?.n ?? 0n) - this.#keys.size };
  }

  async #notRefused(said: readonly Said[]): Promise<string[]> {
    if (said.length === 0) return [];
    const { rows } = await this.#year.owner.query<{ address: string }>(
      `select distinct address from refused_frame where address = any($1)
          and reason in ('not_a_number', 'future_timestamp', 'past_timestamp', 'out_of_range', 'all_ones')`,
      [said.map(({ message }) => message.topic)],
    );
    const known = new Set(rows.map(({ address }) => address));
    return said.filter(({ message }) => !known.has(message.topic)).map(({ message }) => message.payload);
  }
}

export const registerOf = (utility: string): number => (utility === "electricity" ? 1 : 20);
