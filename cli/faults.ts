import { FAULT_NAMES, type FaultKind, faultRow } from "../simulators/faults/catalogue.ts";
import { chosen } from "../simulators/faults/choice.ts";
import { type Io, printJson } from "./io.ts";

const KINDS: Readonly<Record<FaultKind, string>> = {
  wire: "On a Modbus wire",
  meter: "In the meter, whatever it speaks",
  uplink: "Between a device and the broker",
  supply: "In the relay",
};

/** The table of all faults, for `--faults help`. */
export function printFaults(io: Io, json: boolean): void {
  const rows = FAULT_NAMES.map((name) => ({ name, ...faultRow(name), params: chosen(name).params }));
  if (json) {
    printJson(
      io,
      rows.map(({ name, kind, wires, title, does, params }) => ({ name, kind, wires, title, does, params })),
    );
    return;
  }
  io.out("Faults by name. `--faults NAME[:number=value…],…`, `all` or `none`.");
  io.out(
    "every = hours from one to the next on each meter; minutes = how long; meters = percent of them that have it.",
  );
  for (const [kind, title] of Object.entries(KINDS)) {
    io.out(`\n${title}`);
    for (const { name, title: called, does, params } of rows.filter((row) => row.kind === kind)) {
      io.out(`  ${name.padEnd(17)} ${called.zh} ${called.en}: ${does}`);
      const numbers = Object.entries(params).map(([key, value]) => `${key}=${value}`);
      const own = Object.entries(faultRow(name).more).map(([key, { means }]) => `${key}: ${means}`);
      io.out(`  ${"".padEnd(17)} ${[numbers.join(" "), ...own].join("; ")}`);
    }
  }
}
