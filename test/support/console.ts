import { fileURLToPath } from "node:url";
import { build } from "vite";

const inConsole = (path: string): string => fileURLToPath(new URL(`../../console/${path}`, import.meta.url));

/** Builds the console's pages into a folder; with `page`, that one alone, as the others have tests of their own. */
export async function buildConsole(
  folder: string,
  page?: { readonly name: string; readonly html: string; readonly minify?: boolean },
): Promise<void> {
  const only = page === undefined ? {} : { rolldownOptions: { input: { [page.name]: inConsole(page.html) } } };
  const plain = page?.minify === false ? { minify: false as const } : {};
  await build({
    configFile: inConsole("vite.config.ts"),
    logLevel: "error",
    plugins: [{ name: "only", config: () => ({ build: { ...only, ...plain } }) }],
    build: { outDir: folder, emptyOutDir: true },
  });
}
