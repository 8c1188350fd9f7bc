/**
 * Chance without memory: the same numbers in give the same number out, so that a meter's use at an instant is a
 * function of the town's seed and nothing has to be kept. MurmurHash3's finaliser (public domain) over each part.
 */
export function hash32(seed: number, a: number, b = 0, c = 0): number {
  let h = mix(seed | 0, a);
  h = mix(h, b);
  h = mix(h, c);
  return finish(h);
}

/** 0 ≤ x < 1, as `hash32`. */
export const chance = (seed: number, a: number, b = 0, c = 0): number => hash32(seed, a, b, c) / 0x1_0000_0000;

/** One of `all`, as `hash32`. */
export function pick<T>(all: readonly [T, ...T[]], seed: number, a: number, b = 0): T {
  return all[hash32(seed, a, b) % all.length] ?? all[0];
}

function mix(h: number, part: number): number {
  let k = Math.imul(part | 0, 0xcc9e2d51);
  k = (k << 15) | (k >>> 17);
  const x = h ^ Math.imul(k, 0x1b873593);
  return (Math.imul((x << 13) | (x >>> 19), 5) + 0xe6546b64) | 0;
}

function finish(h: number): number {
  let x = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}
