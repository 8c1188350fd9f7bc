import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliDecompressSync } from "node:zlib";
import chromium from "@sparticuz/chromium";
import { type Browser, chromium as launcher } from "playwright-core";

/**
 * A headless Chromium that came with npm: it needs no browser of the machine and has no Chinese font of its own,
 * so that what it shows is what the console brings along. The caller closes it.
 */
export async function openBrowser(): Promise<Browser> {
  const executablePath = await chromium.executablePath();
  // Not the package's own words: they draw by a simulated GPU, which costs more than all else that a test does, ask for one
  // process for all pages, where the second context never answers, and let pages read what other origins must not.
  const args = ["--no-sandbox", "--no-zygote", "--disable-gpu", "--font-render-hinting=none", "--mute-audio"];
  try {
    return await launcher.launch({ executablePath, args, headless: true });
  } catch (error) {
    if (!/shared librar/.test(String(error))) throw error;
    const libraries = ownLibraries();
    const env = { ...process.env, LD_LIBRARY_PATH: join(libraries, "lib") };
    const browser = await launcher.launch({ executablePath, args, headless: true, env });
    browser.once("disconnected", () => rmSync(libraries, { recursive: true, force: true }));
    return browser;
  }
}

/** NSS and expat, for a machine without them: the package brings them too. */
function ownLibraries(): string {
  const packed = join(dirname(fileURLToPath(import.meta.resolve("@sparticuz/chromium"))), "../../bin/al2023.tar.br");
  const folder = mkdtempSync(join(tmpdir(), "sanbiao-browser-"));
  execFileSync("tar", ["-xf", "-", "-C", folder], { input: brotliDecompressSync(readFileSync(packed)) });
  return folder;
}
