import { useEffect, useState } from "preact/hooks";
import type { HistoryPoint, Snapshot } from "../contract.ts";
import { extendHistory } from "../history.ts";

export interface Live {
  snapshot: Snapshot | undefined;
  history: readonly HistoryPoint[];
  /** False while the api does not send; the browser connects again by itself. */
  connected: boolean;
}

/** An api that is silent for this long is taken for away, though its connection may still stand. */
const SILENT_MS = 8_000;
/** EventSource gives up where it was refused, such as by a proxy whose api restarts. */
const RECONNECT_MS = 3_000;

/** The pipeline as the api tells it, live. */
export function useLive(): Live {
  const [live, setLive] = useState<Live>({ snapshot: undefined, history: [], connected: false });
  useEffect(() => listen(setLive), []);
  return live;
}

function listen(update: (change: (before: Live) => Live) => void): () => void {
  let source: EventSource;
  let silence: ReturnType<typeof setTimeout> | undefined;
  let retry: ReturnType<typeof setTimeout> | undefined;
  const away = (): void => update((before) => ({ ...before, connected: false }));
  const connect = (): void => {
    source = new EventSource("/events");
    source.addEventListener("history", ({ data }) => {
      const history = JSON.parse(data) as HistoryPoint[];
      // An api that restarted knows less than this page does.
      update((before) => (history.length < before.history.length ? before : { ...before, history }));
    });
    source.addEventListener("snapshot", ({ data }) => {
      const snapshot = JSON.parse(data) as Snapshot;
      update(({ history }) => ({ snapshot, history: extendHistory(history, snapshot), connected: true }));
      clearTimeout(silence);
      silence = setTimeout(away, SILENT_MS);
    });
    source.addEventListener("error", () => {
      away();
      if (source.readyState === EventSource.CLOSED) retry = setTimeout(connect, RECONNECT_MS);
    });
  };
  connect();
  return () => {
    source.close();
    clearTimeout(silence);
    clearTimeout(retry);
  };
}
