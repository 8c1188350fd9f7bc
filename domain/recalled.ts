/**
 * The same function, which remembers its last answers: for what is asked again and again of few values. Beyond `max` of them the memory
 * begins again. What throws is not remembered.
 */
export function recalled<K extends string | number, V>(max: number, make: (key: K) => V): (key: K) => V {
  const known = new Map<K, V>();
  return (key) => {
    const before = known.get(key);
    if (before !== undefined || known.has(key)) return before as V;
    const made = make(key);
    if (known.size >= max) known.clear();
    known.set(key, made);
    return made;
  };
}
