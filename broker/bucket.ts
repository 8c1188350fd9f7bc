/** A token bucket that lends: `take` answers how many milliseconds the taker has to wait. @param now milliseconds of a steady clock */
export type Bucket = { take(now: number): number };

export function bucket(perSecond: number, burst: number): Bucket {
  let tokens = burst;
  let last = Number.NEGATIVE_INFINITY;
  return {
    take(now) {
      if (now > last) {
        tokens = Math.min(burst, tokens + ((now - last) / 1000) * perSecond);
        last = now;
      }
      tokens -= 1;
      return tokens >= 0 ? 0 : (-tokens / perSecond) * 1000;
    },
  };
}
