import type { Generated } from "@millrace/generators";

/** The outcome of a batch; `cause` explains the last event that did not arrive. */
export interface Sent {
  accepted: number;
  /** Refused for their content, as invalid events should be. */
  refused: number;
  /** Not delivered for another reason. */
  failed: number;
  cause?: string;
}

/** The outcome of a whole run. */
export interface Total extends Sent {
  /** How many of the events were invalid. */
  invalid: number;
}

/** Where generated events go. */
export interface Target extends AsyncDisposable {
  /** Sends one batch at a time, so that the events of a key stay in order. */
  send(batch: readonly Generated[]): Promise<Sent>;
}
