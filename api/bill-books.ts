import { catalogueTariffs } from "../billing/tariffs.ts";
import { dialOf } from "../catalog/meters/dials.ts";
import type { BillBooks } from "./queries/bill-preview.ts";

/** Tariffs and dials of the catalogue, as bills look them up. */
export const billBooks: BillBooks = { tariffs: catalogueTariffs, dials: dialOf };
