import { createReadStream } from "node:fs";
import { addAbortSignal, type Readable } from "node:stream";
import { CommandError } from "../errors.ts";
import { LatencyCollector, type TimeRange } from "./collect.ts";
import { textLines } from "./text-lines.ts";

const CHUNK_BYTES = 262_144;

/**
 * Reads logs to the end, one after the other; `-` is standard input. Aborting `stop` keeps what was read until then: a
 * pipe that follows a log has no end.
 */
export async function readLogs(files: readonly string[], range: Partial<TimeRange> = {}, stop?: AbortSignal) {
  const collector = new LatencyCollector(range);
  for (const file of files) {
    const stream: Readable = file === "-" ? process.stdin : createReadStream(file, { highWaterMark: CHUNK_BYTES });
    stream.setEncoding("utf8");
    if (stop) addAbortSignal(stop, stream);
    try {
      for await (const lines of textLines(stream)) for (const line of lines) collector.add(line);
    } catch (error) {
      if (stop?.aborted) break;
      const { code } = error as NodeJS.ErrnoException;
      if (code === undefined) throw error;
      throw new CommandError(`Can't read ${file} (${code}): pass the paths of log files, or - for standard input.`);
    }
  }
  return collector;
}
