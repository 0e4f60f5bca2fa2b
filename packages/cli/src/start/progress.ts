import { MultiBar, Presets } from "cli-progress";

export interface RunProgress {
  published(count: number): void;
  stored(counts: { indexed: number; recorded: number }): void;
  /** Prints a line beside the progress. */
  line(text: string): void;
  /** Ends the display and leaves its last state visible. */
  end(): void;
}

const PLAIN_INTERVAL_MS = 2_000;

/** Bars on a terminal, otherwise a plain line every two seconds. */
export function showProgress(total: number): RunProgress {
  return process.stderr.isTTY ? bars(total) : lines(total);
}

function bars(total: number): RunProgress {
  const display = new MultiBar(
    { format: "{name} [{bar}] {value}/{total}", stream: process.stderr, hideCursor: true, clearOnComplete: false },
    Presets.shades_classic,
  );
  const bar = (name: string) => display.create(total, 0, { name: name.padEnd(9) });
  const [published, indexed, recorded] = [bar("published"), bar("indexed"), bar("recorded")];
  return {
    published: (count) => published.update(count),
    stored(counts) {
      indexed.update(counts.indexed);
      recorded.update(counts.recorded);
    },
    line: (text) => display.log(`${text}\n`),
    end: () => display.stop(),
  };
}

function lines(total: number): RunProgress {
  const state = { published: 0, indexed: 0, recorded: 0 };
  const print = (text: string) => process.stderr.write(`${text}\n`);
  const report = () =>
    print(`published ${state.published}, indexed ${state.indexed}, recorded ${state.recorded} of ${total}`);
  const timer = setInterval(report, PLAIN_INTERVAL_MS);
  return {
    published(count) {
      state.published = count;
    },
    stored: (counts) => void Object.assign(state, counts),
    line: print,
    end() {
      clearInterval(timer);
      report();
    },
  };
}
