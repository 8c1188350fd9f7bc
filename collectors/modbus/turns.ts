import type { PollGroup } from "../../domain/profile.ts";
import { mayPoll } from "./breaker.ts";
import { GROUPS } from "./plan.ts";
import { isSuspect, type Task } from "./task.ts";

/** The poll groups that are due, in the order of `GROUPS`, first come first served within each. */
export class Turns {
  readonly #queues: Readonly<Record<PollGroup, Task[]>> = { billing: [], state: [], power: [], slow: [] };

  enqueue(task: Task): void {
    if (task.queued) return;
    task.queued = true;
    this.#queues[task.group].push(task);
  }

  /** The next one whose unit is free. A unit that rests loses its place; a suspect waits until nothing else is under way, and others wait with it. */
  next(monotonic: number, running: number): Task | null {
    for (const group of GROUPS) {
      const queue = this.#queues[group];
      for (let at = 0; at < queue.length; ) {
        const task = queue[at] as Task;
        if (task.unit.busy) {
          at++;
          continue;
        }
        const rests = !mayPoll(task.unit.breaker, monotonic);
        if (!rests && running > 0 && isSuspect(task.unit)) return null;
        if (at === 0) queue.shift();
        else queue.splice(at, 1);
        task.queued = false;
        if (!rests) return task;
      }
    }
    return null;
  }
}
