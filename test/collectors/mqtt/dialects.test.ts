import { expect, test } from "vitest";
import { freshDatabase, ownerPool } from "../../support/database.ts";
import { bookRows, publish, refusedRows, seedDevices, signedIn, startStack, until } from "../../support/mqtt.ts";
import { sparkplugBytes } from "../../support/sparkplug.ts";

test("an edge node unknown after a restart is asked for its births over the broker, and its readings reach the book", async () => {
  const fresh = await freshDatabase();
  await seedDevices(fresh, [{ username: "edge", keys: ["g/e/m"] }]);
  const owner = ownerPool(fresh.ownerUrl);
  await owner.query(
    "update sanbiao.mqtt_client set publish_filters = '{spBv1.0/G/#}', subscribe_filters = '{spBv1.0/G/NCMD/E}', profile_ids = '{sparkplug-b}'",
  );
  await owner.query("update sanbiao.meter set profile_id = 'sparkplug-b'");
  await owner.end();
  const stack = await startStack(fresh.db);
  const client = await signedIn(stack.broker.port, "edge");
  try {
    client.send({ cmd: "subscribe", messageId: 1, subscriptions: [{ topic: "spBv1.0/G/NCMD/E", qos: 1 }] });
    await client.next("suback");
    const at = Math.floor(Date.now() / 1000) * 1000 - 60_000;
    let id = 1;
    const say = async (topic: string, payload: Buffer) => {
      publish(client, `spBv1.0/G/${topic}`, payload, ++id);
      expect(await client.next("puback", id)).not.toBeNull();
    };
    await say("DDATA/E/m", sparkplugBytes(9, [{ alias: 1, at, double: 5 }]));
    const asked = (await client.next("publish")) as { topic: string; payload: Buffer } | null;
    expect(asked?.topic).toBe("spBv1.0/G/NCMD/E");
    expect(asked?.payload.toString("latin1")).toContain("Node Control/Rebirth");
    await say("NBIRTH/E", sparkplugBytes(0, []));
    await say(
      "DBIRTH/E/m",
      sparkplugBytes(1, [{ name: "Energy/Import", alias: 1, at, type: 10, unit: "kWh", double: 5 }], at),
    );
    await say("DDATA/E/m", sparkplugBytes(2, [{ alias: 1, at: at + 1000, double: 6 }]));
    const totals = (await bookRows(fresh)).filter((row) => row.register === 1).map((row) => row.value);
    expect(totals).toEqual([5_000_000n, 6_000_000n]);
    await until("the refusal is kept", async () => (await refusedRows(fresh)).some((r) => r.reason === "before_birth"));
  } finally {
    client.socket.destroy();
    await stack.stop();
    await fresh.drop();
  }
});
