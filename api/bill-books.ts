import { dialOf } from "../catalog/meters/dials.ts";
import { versionsOf } from "../catalog/tariffs/catalogue.ts";
import type { BillBooks } from "./queries/bill-preview.ts";

/** Tariffs and dials of the catalogue, as bills look them up. */
export const billBooks: BillBooks = {
  tariffs: (id) => {
    const versions = versionsOf(id);
    return versions.length === 0 ? null : versions;
  },
  dials: dialOf,
};
