#!/usr/bin/env node
// Starts the command line on the node that comes with the project, whatever node started this file.
import { spawn } from "node:child_process";
import * as module from "node:module";
import { fileURLToPath } from "node:url";

const inProject = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const main = inProject("cli/main.ts");
// What was compiled once is kept beside the packages, so that the next start takes half the time. Where that cannot be written, it is not.
const compiled = inProject("node_modules/.cache/sanbiao");
if (Number(process.versions.node.split(".")[0]) >= 26) {
  module.enableCompileCache(process.env.NODE_COMPILE_CACHE ?? compiled);
  await import(main);
} else {
  const node = inProject("node_modules/node/bin/node");
  const env = { ...process.env, NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? compiled };
  const child = spawn(node, [main, ...process.argv.slice(2)], { stdio: "inherit", env });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("error", (error) => {
    console.error(`sanbiao: cannot start ${node}: ${error.message}. Run "npm ci" first.`);
    process.exit(1);
  });
  child.on("exit", (code, signal) => process.exit(signal === null ? (code ?? 1) : 1));
}
