// Five hundred clients follow one topic at a thousand events a second, another twenty stall, and all reconnect at once
// several times. Prints what each received, and the resources that the api process used.
import { lease } from "@millrace/stack";
import { streamLoad } from "./stream-load.ts";

const [clients = 500, seconds = 60, storms = 3] = process.argv.slice(2).map(Number);
const onProgress = (line: string) => process.stderr.write(`${line}\n`);
await using stack = await lease({ name: "stream-load", onProgress });
Object.assign(process.env, stack.env);
const result = await streamLoad({ clients, stalled: 20, eventsPerSecond: 1_000, seconds, storms });
const megabytes = (bytes: number) => Math.round(bytes / 1_048_576);
process.stdout.write(
  `${result.published} events to ${clients} clients, all of them reconnected ${storms} times: ` +
    `${result.complete} got each once and in order, ${result.faults} faults; ` +
    `resident ${megabytes(result.residentBytesBefore)} MiB before, at most ${megabytes(result.residentBytesMax)} MiB\n`,
);
if (result.complete < clients || result.faults > 0) process.exitCode = 1;
