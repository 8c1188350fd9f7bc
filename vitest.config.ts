import { defineConfig } from "vitest/config";
import { LongestFirst } from "./test/support/longest-first.ts";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/support/server.ts"],
    maxWorkers: 3, // on two cores: much of the time is waiting, for a socket, a lock, a second process
    isolate: false, // a worker loads each module once and not once per file: no module keeps anything between calls
    experimental: { viteModuleRunner: false }, // node runs our TypeScript as it is, here as in service
    sequence: { sequencer: LongestFirst },
    // What hangs is told; what is merely slow, on a machine ten times as busy, is not.
    testTimeout: 240_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 30_000 } },
  },
});
