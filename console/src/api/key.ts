/** A key for one intended act. `crypto.randomUUID` is missing on plain-http addresses of a local network; random bytes are not. */
export function newKey(of: string): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return `${of}-${Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("")}`;
}
