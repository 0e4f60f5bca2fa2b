/** What API rate limits count. */
export const kinds = ["requests", "tokens"] as const;
export type Kind = (typeof kinds)[number];
export type Amounts = Record<Kind, number>;

/** A limit per minute, and what remains of it according to the server. */
export interface Allowance {
  limit: number;
  remaining: number;
}
export type Allowances = Partial<Record<Kind, Allowance>>;

/** Usage of the requests for one batch, or for several joined ones. */
export interface Account {
  /** More than one if a request was refused for its content and halved. */
  requests: number;
  /** As stated in responses; a failed request states none. */
  tokens: number;
  /** From the headers of the last response. */
  allowances: Allowances;
}

/** A request's effect on the limits. */
export interface Taken {
  taken: Amounts;
  /** From the response's headers. */
  allowances: Allowances;
  /** The delay that the server requested. */
  retryAfterMs: number;
}
