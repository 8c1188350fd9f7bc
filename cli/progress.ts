import type { Io } from "./io.ts";

/** One line for each step of a start, with the seconds since its beginning. A step that repeats rewrites its line on a terminal. */
export type Progress = (step: string, detail?: string) => void;

export function progressOf(io: Io, now: () => number, terminal: boolean): Progress {
  const begin = now();
  let last = "";
  let told = 0;
  return (step, detail = "") => {
    const seconds = ((now() - begin) / 1000).toFixed(1).padStart(5);
    const line = `${seconds} s  ${step}${detail === "" ? "" : `: ${detail}`}`;
    if (step === last && terminal) {
      io.err(`\u001b[1A\u001b[2K${line}`);
      return;
    }
    // A log is not a terminal: at most one line a second for a step that goes on.
    if (step === last && now() - told < 1000) return;
    last = step;
    told = now();
    io.err(line);
  };
}
