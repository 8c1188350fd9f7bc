import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import pg from "pg";
import { from } from "pg-copy-streams";

const STATEMENT =
  "copy sanbiao.reading (operator_id, meter_id, register, measured_at, received_at, value, source) from stdin";

/** `psql` where the machine has it, else the same protocol from Node (equally fast: the server is what takes the time). */
export const copyTool = (): "psql" | "pg-copy-streams" => {
  try {
    execFileSync("psql", ["--version"], { stdio: "ignore" });
    return "psql";
  } catch {
    return "pg-copy-streams";
  }
};

/** COPY text of rows into the readings book by its owner. @returns seconds */
export async function copyRows(url: string, text: Buffer, tool: ReturnType<typeof copyTool>): Promise<number> {
  const begun = performance.now();
  if (tool === "psql") {
    const child = spawn("psql", ["-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", STATEMENT, url], {
      stdio: ["pipe", "ignore", "inherit"],
    });
    child.stdin.end(text);
    const [code] = (await once(child, "exit")) as [number];
    if (code !== 0) throw new Error(`psql ended with ${code}`);
  } else {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await pipeline(Readable.from(slices(text)), client.query(from(STATEMENT)));
    await client.end();
  }
  return (performance.now() - begun) / 1000;
}

function* slices(text: Buffer): Generator<Buffer> {
  for (let at = 0; at < text.length; at += 65_536) yield text.subarray(at, at + 65_536);
}
