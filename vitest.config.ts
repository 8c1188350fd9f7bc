import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/support/server.ts"],
    maxWorkers: 2, // much of the time is waiting: for a socket, a lock, a second process
    testTimeout: 60_000,
    hookTimeout: 90_000,
  },
});
