import type { Generated } from "@millrace/generators";

/** What became of a batch; `cause` is why the last one of those that did not arrive did not. */
export interface Sent {
  accepted: number;
  /** Not taken for what they are, as the invalid ones should be. */
  refused: number;
  /** Not delivered, though they might have been. */
  failed: number;
  cause?: string;
}

/** What became of a whole run. */
export interface Total extends Sent {
  /** How many of them were invalid. */
  invalid: number;
}

/** Where generated events go. */
export interface Target extends AsyncDisposable {
  /** One batch at a time, so that the events of a key keep their order. */
  send(batch: readonly Generated[]): Promise<Sent>;
}
