import { readdirSync, readFileSync } from "node:fs";
import pg from "pg";

/** `/proc/PID/stat` counts in hundredths of a second, whatever the kernel's own clock (proc_pid_stat(5): USER_HZ). */
const TICKS_PER_SECOND = 100;

type ProcessTimes = { readonly parent: number; readonly own: number; readonly reaped: number };

function timesOf(pid: number | string): ProcessTimes | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The program's name stands in brackets and may hold anything; what follows it begins with the third field.
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    const field = (no: number): number => Number(fields[no - 3]);
    return { parent: field(4), own: field(14) + field(15), reaped: field(16) + field(17) };
  } catch {
    return null; // ended meanwhile, or a system without /proc
  }
}

/** Processor time of a database server on this machine: all of its processes, those that have ended included. */
export class ServerCpu {
  readonly #postmaster: number;
  private constructor(postmaster: number) {
    this.#postmaster = postmaster;
  }

  /** `null` where the system does not tell. */
  static async of(url: string): Promise<ServerCpu | null> {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      const { rows } = await client.query<{ pid: number }>("select pg_backend_pid() as pid");
      const backend = timesOf(rows[0]?.pid ?? 0);
      return backend === null ? null : new ServerCpu(backend.parent);
    } finally {
      await client.end();
    }
  }

  /** Seconds since the server's start. */
  seconds(): number {
    for (;;) {
      const before = timesOf(this.#postmaster);
      let ticks = (before?.own ?? 0) + (before?.reaped ?? 0);
      for (const name of readdirSync("/proc")) {
        const times = /^\d+$/.test(name) ? timesOf(name) : null;
        if (times?.parent === this.#postmaster) ticks += times.own;
      }
      // A process that ended meanwhile was counted nowhere: look again.
      if (timesOf(this.#postmaster)?.reaped === before?.reaped) return ticks / TICKS_PER_SECOND;
    }
  }
}
