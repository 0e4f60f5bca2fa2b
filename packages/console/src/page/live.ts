import { useEffect, useState } from "preact/hooks";
import type { HistoryPoint, Snapshot } from "../contract.ts";
import { extendHistory } from "../history.ts";

export interface Live {
  snapshot: Snapshot | undefined;
  history: readonly HistoryPoint[];
  /** False while the api sends nothing; the browser reconnects by itself. */
  connected: boolean;
}

/** After this long without an event the api counts as unavailable, even if the connection is open. */
const SILENT_MS = 8_000;
/** EventSource stops reconnecting after an error response, such as a proxy's while the api restarts. */
const RECONNECT_MS = 3_000;

/** The live state of the pipeline. */
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
      // A restarted api has less history than this page.
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
