import type { RecordIdentity } from "@millrace/kafka";

/** Offsets of one partition that share a Redis hash: few keys, and one command for many messages. */
export const OFFSETS_PER_KEY = 256;

/** Neighbouring offsets of one partition, within one hash. */
export interface OffsetRun {
  first: RecordIdentity;
  last: number;
}

/** Groups messages that follow each other, as far as they share a hash. */
export function runsOf(messages: readonly RecordIdentity[]): OffsetRun[] {
  const runs: OffsetRun[] = [];
  let run: OffsetRun | undefined;
  for (const message of messages) {
    if (run && follows(run, message)) run.last = message.offset;
    else {
      run = { first: message, last: message.offset };
      runs.push(run);
    }
  }
  return runs;
}

function follows({ first, last }: OffsetRun, { topic, partition, offset }: RecordIdentity): boolean {
  return (
    offset === last + 1 && offset % OFFSETS_PER_KEY !== 0 && partition === first.partition && topic === first.topic
  );
}
