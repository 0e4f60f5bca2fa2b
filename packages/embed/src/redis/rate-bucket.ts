import { type Redis, redisScript } from "@millrace/connections";
import type { Taken } from "../account.ts";
import { type Allowance, type Allowances, type Amounts, kinds } from "../account.ts";

/** The bucket's state at a reservation, needed to settle it. */
export interface Ticket {
  need: Amounts;
  /** Time of the reservation, by Redis's clock. */
  atMs: number;
  /** The levels after it; negative if it must wait. */
  levels: Amounts;
  /** The sum of corrections by then. */
  corrected: Amounts;
}

export interface Settlement extends Taken {
  /** Time from the reservation to the request. */
  waitedMs: number;
}

/**
 * Token buckets for requests and for tokens, in one hash, each refilled evenly up to its limit per minute.
 *
 * A reservation is deducted at once, into debt if necessary, and waits until the debt is paid. Turns therefore follow the
 * order of reservations across processes, without polling. The level never exceeds the server's as long as no reservation
 * is smaller than what the server deducts. Other users of the key break that, which a reserve of 2 % reveals early:
 * `settle` compares the server's remaining amount with what this reservation should have left, and deducts the difference.
 * `corrected` sums these differences, so that concurrent requests don't report one twice.
 */
const bucket = redisScript(`
local RESERVE = 0.02
local time = redis.call('TIME')
local now = tonumber(ARGV[2]) or time[1] * 1000 + time[2] / 1000
local fields = redis.call('HMGET', KEYS[1], 'at', 'paused',
  'requests:limit', 'requests:level', 'requests:corrected', 'tokens:limit', 'tokens:level', 'tokens:corrected')
local at, paused = tonumber(fields[1]) or now, tonumber(fields[2]) or 0
now = math.max(now, at)
-- By kind: 1 requests, 2 tokens; a limit of 0 is unknown.
local state = {}
for k = 1, 2 do
  local limit, level = tonumber(fields[3 * k]) or 0, tonumber(fields[3 * k + 1]) or 0
  level = math.min(limit, level + limit * (now - at) / 60000)
  state[k] = { limit = limit, level = level, corrected = tonumber(fields[3 * k + 2]) or 0 }
end

-- Time until a reservation's debt is paid; none without a known limit.
local function wait(need, ticketAt, levels, corrected)
  local ms = paused - now
  for k = 1, 2 do
    local s = state[k]
    if s.limit > 0 then
      local floor = math.min(s.limit * RESERVE, s.limit - need[k])
      local level = levels[k] - (s.corrected - corrected[k]) + s.limit * (now - ticketAt) / 60000
      ms = math.max(ms, (floor - level) / s.limit * 60000)
    end
  end
  return math.max(0, ms)
end

local function argument(from, k) return tonumber(ARGV[from + k - 1]) end
local need, levels, corrected, result = {}, {}, {}, {}
for k = 1, 2 do need[k] = argument(3, k) end

if ARGV[1] == 'reserve' then
  local lost = ARGV[5] == '1'
  for k = 1, 2 do
    local s, limit, remaining = state[k], argument(6, k), argument(8, k)
    if limit > 0 and (lost or s.limit == 0) then
      s.level = math.min(s.limit > 0 and s.level or remaining, remaining)
      s.limit = limit
    end
    s.level = s.level - need[k]
    levels[k], corrected[k] = s.level, s.corrected
  end
  result = { now, levels[1], levels[2], corrected[1], corrected[2], wait(need, now, levels, corrected) }
else
  local ticketAt = argument(5, 1)
  for k = 1, 2 do levels[k], corrected[k] = argument(6, k), argument(8, k) end
  if ARGV[1] == 'wait' then return { string.format('%.3f', wait(need, ticketAt, levels, corrected)) } end
  local sentAt = ticketAt + argument(10, 1)
  paused = math.max(paused, now + argument(11, 1))
  for k = 1, 2 do
    local s, taken, limit, remaining = state[k], argument(12, k), argument(14, k), argument(16, k)
    local known = s.limit > 0
    local function correct(amount)
      s.level, s.corrected = s.level - amount, s.corrected + amount
    end
    if known then correct(taken - need[k]) end
    if limit > 0 then
      s.limit = limit
      if not known then
        s.level = remaining
      else
        local expected = levels[k] - (s.corrected - corrected[k]) + limit * (sentAt - ticketAt) / 60000
        correct(math.max(0, math.min(limit, expected) - remaining))
      end
      s.level = math.min(limit, s.level)
    end
  end
end

local function text(number) return string.format('%.3f', number) end
redis.call('HSET', KEYS[1], 'at', text(now), 'paused', text(paused),
  'requests:limit', text(state[1].limit), 'requests:level', text(state[1].level), 'requests:corrected', text(state[1].corrected),
  'tokens:limit', text(state[2].limit), 'tokens:level', text(state[2].level), 'tokens:corrected', text(state[2].corrected))
redis.call('PEXPIRE', KEYS[1], 86400000)
for index, number in ipairs(result) do result[index] = text(number) end
return result
`);

/** One bucket per server and model, shared by all processes: limits belong to an organisation, not to an API key. */
export function accountKey(keyPrefix: string, baseUrl: string, model: string): string {
  return `${keyPrefix}:rate:{${baseUrl} ${model}}`;
}

export interface Reservation extends Ticket {
  waitMs: number;
}

/**
 * The bucket at a Redis key that all processes of an account share. Every call rejects while Redis is unavailable.
 *
 * @param clock replaces Redis's clock in tests, in milliseconds
 */
export function createRateBucket(redis: Redis, key: string, clock: () => number | "" = () => "") {
  const run = async (operation: string, values: readonly number[]): Promise<number[]> =>
    ((await bucket(redis, [key], [operation, clock(), ...values])) as string[]).map(Number);
  const inOrder = (amounts: Amounts): number[] => kinds.map((kind) => amounts[kind]);
  const ofTicket = ({ need, atMs, levels, corrected }: Ticket): number[] => [
    ...inOrder(need),
    atMs,
    ...inOrder(levels),
    ...inOrder(corrected),
  ];
  const column = (allowances: Allowances, name: keyof Allowance): number[] =>
    kinds.map((kind) => allowances[kind]?.[name] ?? 0);

  return {
    /**
     * @param known the limits that this process last heard, for a bucket without limits
     * @param lost whether the bucket may have missed requests, so that its level must not exceed what was heard
     */
    async reserve(need: Amounts, known: Allowances, lost: boolean): Promise<Reservation> {
      const heard = [...column(known, "limit"), ...column(known, "remaining")];
      const answer = await run("reserve", [...inOrder(need), lost ? 1 : 0, ...heard]);
      const [atMs = 0, requests = 0, tokens = 0, correctedRequests = 0, correctedTokens = 0, waitMs = 0] = answer;
      const corrected = { requests: correctedRequests, tokens: correctedTokens };
      return { need, atMs, levels: { requests, tokens }, corrected, waitMs };
    },
    /** The remaining wait of this reservation. */
    async waitMs(ticket: Ticket): Promise<number> {
      const [waitMs = 0] = await run("wait", ofTicket(ticket));
      return waitMs;
    },
    async settle(ticket: Ticket, { waitedMs, retryAfterMs, taken, allowances }: Settlement): Promise<void> {
      const heard = [...column(allowances, "limit"), ...column(allowances, "remaining")];
      await run("settle", [...ofTicket(ticket), waitedMs, retryAfterMs, ...inOrder(taken), ...heard]);
    },
  };
}
export type RateBucket = ReturnType<typeof createRateBucket>;
