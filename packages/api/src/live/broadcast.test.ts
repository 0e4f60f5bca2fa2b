import { expect, test } from "vitest";
import { Broadcast, encodeEvent } from "./broadcast.ts";

const first = encodeEvent("history", []);

function counting(value: (number: number) => unknown = (number) => number) {
  let made = 0;
  const broadcast = new Broadcast(async () => value(++made), { intervalMs: 10, clientsMax: 3 });
  return { broadcast, made: () => made };
}

async function readText(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<string> {
  const { value } = await reader.read();
  return new TextDecoder().decode(value);
}

function listen({ broadcast }: ReturnType<typeof counting>) {
  const stream = broadcast.listen(first);
  if (!stream) throw new Error("it was refused");
  return stream.getReader();
}

test("builds each event once for all clients, and none without clients", async () => {
  const counted = counting();
  const [one, other] = [listen(counted), listen(counted)];
  expect(await readText(one)).toBe("event: history\ndata: []\n\n");
  await readText(other);
  for (let number = 1; number <= 3; number++) {
    expect(await readText(one)).toBe(`event: snapshot\ndata: ${number}\n\n`);
    expect(await readText(other)).toBe(`event: snapshot\ndata: ${number}\n\n`);
  }
  await Promise.all([one.cancel(), other.cancel()]);
  await new Promise((resolve) => setTimeout(resolve, 50));
  const before = counted.made();
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(counted.made()).toBe(before);
  // Starts again with the next client.
  const late = listen(counted);
  await readText(late);
  expect(await readText(late)).toBe(`event: snapshot\ndata: ${before + 1}\n\n`);
  await late.cancel();
});

test("accepts clients up to the limit; a disconnect frees a place", async () => {
  const counted = counting();
  const readers = [listen(counted), listen(counted), listen(counted)];
  expect(counted.broadcast.listen(first)).toBeUndefined();
  await readers[0]?.cancel();
  readers.push(listen(counted));
  await Promise.all(readers.slice(1).map((reader) => reader.cancel()));
});

test("disconnects a client that doesn't read, and bounds its unread bytes", async () => {
  const counted = counting(() => "x".repeat(100_000));
  const [reading, idle] = [listen(counted), listen(counted)];
  for (let event = 0; event < 20; event++) await readText(reading);
  let bytes = 0;
  for (;;) {
    const { done, value } = await idle.read();
    if (done) break;
    bytes += value.length;
  }
  expect(bytes).toBeGreaterThan(500_000);
  expect(bytes).toBeLessThan(1_048_576 + 200_000);
  await reading.cancel();
});
