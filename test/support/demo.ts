import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { removeCluster, runningUrl } from "../../schema/embedded/server.ts";
import { clusterFolder } from "./cluster-folder.ts";

/** The demo as a newcomer starts it: `sanbiao up --demo` in a process of its own, on free ports and a folder of its own. */
export type RunningDemo = {
  readonly url: string;
  readonly mqttUrl: string;
  readonly folder: string;
  readonly child: ChildProcess;
  /** What it has written to the terminal. */
  readonly said: () => string;
  /** The owner's address of its database. */
  databaseUrl(): Promise<string>;
  /** SIGINT as Ctrl-C sends it. @returns the exit code */
  stop(): Promise<number | null>;
  kill(): Promise<void>;
};

const bin = fileURLToPath(new URL("../../bin/sanbiao.mjs", import.meta.url));

export const demoFolder = (): Promise<string> => clusterFolder("sanbiao-demo-");

/** Resolves when the demo says that it is ready: history loaded, bills issued, devices live. */
export async function startDemo(folder: string, words: readonly string[] = []): Promise<RunningDemo> {
  const env = { ...process.env, SANBIAO_DATA: folder, PORT: "0", MQTT_PORT: "0", DATABASE_URL: "", MQTT_URL: "" };
  const child = spawn(process.execPath, [bin, "up", "--demo", "--json", ...words], {
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  process.once("exit", () => child.kill("SIGKILL")); // whatever became of the test, nothing is left running
  let said = "";
  child.stderr.on("data", (part: Buffer) => (said += part.toString()));
  const ready = new Promise<{ url: string; mqttUrl: string }>((done, fail) => {
    let out = "";
    child.stdout.on("data", (part: Buffer) => {
      out += part.toString();
      if (out.trimEnd().endsWith("}")) done(JSON.parse(out) as { url: string; mqttUrl: string });
    });
    child.once("exit", (code, signal) =>
      fail(new Error(`the demo ended (${code ?? signal}) before it was ready:\n${said}`)),
    );
  });
  const { url, mqttUrl } = await ready;
  const ended = async (signal: NodeJS.Signals): Promise<number | null> => {
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
    const gone = once(child, "exit");
    child.kill(signal);
    return ((await gone) as [number | null])[0];
  };
  return {
    url,
    mqttUrl,
    folder,
    child,
    said: () => said,
    async databaseUrl() {
      const address = await runningUrl(folder);
      if (address === null) throw new Error("the demo's database does not run");
      return address;
    },
    stop: () => ended("SIGINT"),
    kill: async () => void (await ended("SIGKILL")),
  };
}

export const removeDemo = (folder: string): Promise<void> => removeCluster(folder);
