import { type Account, type Allowances, kinds } from "../account.ts";

/** Adds a response's token usage and the limits from its headers. */
export function enter(account: Account, headers: Headers | undefined, tokens = 0): void {
  account.tokens += tokens;
  if (headers) Object.assign(account.allowances, allowancesOf(headers));
}

/** `x-ratelimit-limit-*` and `x-ratelimit-remaining-*`; some servers send 0 or -1 for no limit. */
function allowancesOf(headers: Headers): Allowances {
  const allowances: Allowances = {};
  for (const kind of kinds) {
    const limit = Number(headers.get(`x-ratelimit-limit-${kind}`) ?? Number.NaN);
    const remaining = Number(headers.get(`x-ratelimit-remaining-${kind}`) ?? Number.NaN);
    if (limit > 0 && remaining >= 0) allowances[kind] = { limit, remaining };
  }
  return allowances;
}
