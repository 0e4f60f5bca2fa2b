import { test } from "vitest";
import { setTimeout as sleep } from "node:timers/promises";
import { Log, connectProducer, consume, createKafka } from "../src/index.ts";
import { config, createTopic, testPatience, uniqueName } from "./support.ts";
test("x", async () => {
  const topic = await createTopic(1);
  const patience = { ...testPatience(), log: new Log("t", { level: "debug" }) };
  const kafka = createKafka(config, "zz", patience.log);
  await using producer = await connectProducer(kafka, patience);
  await producer.send(topic, [{ value: Buffer.from("a") }]);
  console.log(JSON.stringify(await producer.trySend("nope-x1", [{ value: Buffer.from("a") }])));
  await using c = await consume(kafka, { groupId: uniqueName("g"), topics: [topic], inFlightMax: 10, inFlightMaxBytes: 1e6, settings: config, accept: (r) => console.log("GOT", r.offset, r.headers) }, patience);
  await sleep(5000);
});
