/** What the limits of an API count. */
export const kinds = ["requests", "tokens"] as const;
export type Kind = (typeof kinds)[number];
export type Amounts = Record<Kind, number>;

/** A limit per minute, and what the server says is left of it. */
export interface Allowance {
  limit: number;
  remaining: number;
}
export type Allowances = Partial<Record<Kind, Allowance>>;

/** What the requests for one batch took, or for several that were joined. */
export interface Account {
  /** More than one where a request was refused for what it contains, and halved. */
  requests: number;
  /** Those that answers stated; a failed request states none. */
  tokens: number;
  /** What the headers of the last answer said. */
  allowances: Allowances;
}
