import type { LiveEvent } from "../../../api/schemas/event.ts";

/** The questions whose answers an event may have changed, as beginnings of their keys. */
export function staleBy(event: LiveEvent): readonly (readonly string[])[] {
  switch (event.kind) {
    case "reading":
      return [
        ["meter", event.meterId],
        ["series", event.meterId],
      ];
    case "supply":
      return [
        ["account", event.accountId],
        ["timeline", event.accountId],
        ["accounts"],
        ["controls"],
        ["prepaid"],
        ["supply"],
      ];
    case "payment":
      return [
        ["account", event.accountId],
        ["tokens", event.accountId],
        ["split", event.accountId],
        ["payment", event.journalId],
        ["shifts"],
        ["timeline", event.accountId],
        ["accountBills", event.accountId],
        ["accounts"],
        ["prepaid"],
        ["supply"],
        ["bills"],
        ["bill"],
        ["overview"],
      ];
    case "bill_run":
      return [["runs"], ["bills"], ["accountBills"], ["overview"], ["work"]];
    case "control":
      return [
        ["controls"],
        ["prepaid"],
        ["supply"],
        ...(event.accountId === undefined
          ? []
          : [
              ["account", event.accountId],
              ["timeline", event.accountId],
            ]),
      ];
    case "overview":
      return [["overview"]];
  }
}
