import chromium from "@sparticuz/chromium";
import { type Browser, chromium as launcher } from "playwright-core";

/**
 * A headless Chromium that came with npm: it needs no browser of the machine and has no Chinese font of its own,
 * so that what it shows is what the console brings along. The caller closes it.
 */
export async function openBrowser(): Promise<Browser> {
  return launcher.launch({
    executablePath: await chromium.executablePath(),
    // One process for everything is meant for one page: the second context of a browser never answers there.
    args: [...chromium.args.filter((arg) => arg !== "--single-process"), "--no-sandbox"],
    headless: true,
  });
}
