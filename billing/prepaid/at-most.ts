/** Runs work at most so many at a time, in the order of asking: the rest waits without a connection in its hands. */
export function atMost(hands: number): <T>(work: () => Promise<T>) => Promise<T> {
  let free = hands;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (free > 0) free--;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) free++;
      else next(); // hands its place on
    }
  };
}
