import { expect, test } from "vitest";
import { recalled } from "../../domain/recalled.ts";

test("an answer is worked out once, also where there is none, and again when the memory began again", () => {
  const asked: string[] = [];
  const answer = recalled(2, (text: string) => {
    asked.push(text);
    return text === "none" ? undefined : text.length;
  });
  expect([answer("a"), answer("a"), answer("none"), answer("none")]).toEqual([1, 1, undefined, undefined]);
  expect(asked).toEqual(["a", "none"]);
  answer("third");
  expect(answer("a")).toBe(1);
  expect(asked).toEqual(["a", "none", "third", "a"]);
});

test("what throws is asked again", () => {
  let tries = 0;
  const answer = recalled(2, () => {
    if (++tries === 1) throw new TypeError("not yet");
    return tries;
  });
  expect(() => answer("a")).toThrow(TypeError);
  expect(answer("a")).toBe(2);
});
