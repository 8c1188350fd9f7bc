import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

/** Data that others published and that does not travel with this project: see `docs/reference/profiles.md`. */
const FOLDER = resolve(process.env["SANBIAO_REFERENCE"] ?? join(import.meta.dirname, "../../../shared/reference"));

export const hasReference = (path: string): boolean => existsSync(join(FOLDER, path));
export const referenceText = (path: string): string => readFileSync(join(FOLDER, path), "utf8");
export const referenceLines = (path: string): unknown[] =>
  referenceText(path)
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line): unknown => JSON.parse(line));
