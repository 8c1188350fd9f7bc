/** A local time as an input field has it (`2026-06-01T08:00`), in the operator's zone, as an instant with its offset. */
export function instantInZone(local: string, zone: string): string {
  const seconds = local.length === 16 ? `${local}:00` : local;
  const guess = Date.parse(`${seconds}Z`);
  // Where a clock is put forward or back the offset that holds a moment later is as good as the one before.
  const offset = offsetOf(guess - offsetMs(offsetOf(guess, zone)), zone);
  return `${seconds}${offset}`;
}

/** An instant as an input field for local time takes it. */
export function localInZone(ms: number, zone: string): string {
  const text = new Date(ms + offsetMs(offsetOf(ms, zone))).toISOString();
  return text.slice(0, 16);
}

function offsetOf(ms: number, zone: string): string {
  const parts = new Intl.DateTimeFormat("en", { timeZone: zone, timeZoneName: "longOffset" }).formatToParts(ms);
  const name = parts.find((part) => part.type === "timeZoneName")?.value ?? "GMT";
  const offset = name.replace("GMT", "");
  return offset === "" ? "+00:00" : offset;
}

function offsetMs(offset: string): number {
  const [hours = 0, minutes = 0] = offset.slice(1).split(":").map(Number);
  return (offset.startsWith("-") ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}
