import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Files that take longest, by the seconds of a quiet machine with two cores. A file that is not here comes after them, in the order of size. */
const LONG = [
  "test/year.test.ts",
  "test/demo.test.ts",
  "test/console/tariff-editor.test.ts",
  "test/console/phone.test.ts",
  "test/console/resident.test.ts",
];

/** Long files begin first, so that no worker is left alone with one at the end. It does not depend on an earlier run, as a fresh checkout has none. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const others = await super.sort(files);
    const rank = ({ moduleId }: TestSpecification): number => {
      const place = LONG.findIndex((path) => moduleId.endsWith(`/${path}`));
      return place === -1 ? LONG.length : place;
    };
    return others.toSorted((a, b) => rank(a) - rank(b));
  }
}
