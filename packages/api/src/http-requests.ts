export interface AnsweredRequest {
  method: string;
  /** The route's pattern, not the path. */
  route: string;
  status: number;
}

/** All other methods count as one, so that clients cannot add label values. */
const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

/** Counts completed requests by method, route pattern and status, which bounds the number of counters. */
export class HttpRequests {
  #counts = new Map<string, { request: AnsweredRequest; count: number }>();

  answered({ method, route, status }: AnsweredRequest): void {
    const request = { method: METHODS.has(method) ? method : "other", route, status };
    const key = `${request.method} ${status} ${route}`;
    const known = this.#counts.get(key);
    if (known) known.count++;
    else this.#counts.set(key, { request, count: 1 });
  }

  counts(): Iterable<{ request: AnsweredRequest; count: number }> {
    return this.#counts.values();
  }
}
