import { type Redis, redisScript } from "@millrace/connections";
import { type Allowance, type Allowances, type Amounts, kinds } from "../account.ts";
import type { Taken } from "../rate-budget.ts";

/** What a reservation found, by which it is judged later. */
export interface Ticket {
  need: Amounts;
  /** By the clock of Redis. */
  atMs: number;
  /** What was left after it; below zero where it must wait. */
  levels: Amounts;
  /** How much had been corrected by then. */
  corrected: Amounts;
}

export interface Settlement extends Taken {
  /** How long after its reservation the request was sent. */
  waitedMs: number;
}

/**
 * A token bucket for requests and one for tokens, in one hash, each filled evenly to its limit in a minute.
 *
 * A reservation is taken at once, into debt where need be, and waits until the debt is paid: so turns come in the order
 * of the reservations, whoever made them, and nobody polls. The level is never above the server's as long as no
 * reservation is smaller than what the server takes; a reserve of 2 % makes it visible early where it is, because others
 * use the same key: `settle` compares what the server says is left with what this reservation should have left, and takes
 * the difference off. `corrected` sums up such differences, so that the requests in flight don't report one twice.
 */
const bucket = redisScript(`
local RESERVE = 0.02
local time = redis.call('TIME')
local now = tonumber(ARGV[2]) or time[1] * 1000 + time[2] / 1000
local fields = redis.call('HMGET', KEYS[1], 'at', 'paused',
  'requests:limit', 'requests:level', 'requests:corrected', 'tokens:limit', 'tokens:level', 'tokens:corrected')
local at, paused = tonumber(fields[1]) or now, tonumber(fields[2]) or 0
now = math.max(now, at)
-- By kind: 1 requests, 2 tokens; a limit of 0 is an unknown one.
local state = {}
for k = 1, 2 do
  local limit, level = tonumber(fields[3 * k]) or 0, tonumber(fields[3 * k + 1]) or 0
  level = math.min(limit, level + limit * (now - at) / 60000)
  state[k] = { limit = limit, level = level, corrected = tonumber(fields[3 * k + 2]) or 0 }
end

-- How long until a reservation's debt is paid; without a known limit there is none.
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

/** One bucket for all processes that ask the same server for the same model: the limits are an organisation's, not a key's. */
export function accountKey(keyPrefix: string, baseUrl: string, model: string): string {
  return `${keyPrefix}:rate:{${baseUrl} ${model}}`;
}

export interface Reservation extends Ticket {
  waitMs: number;
}

/**
 * The bucket of one key: all processes that use the same account name the same one. Everything here rejects while Redis
 * is away.
 *
 * @param clock milliseconds that stand for the clock of Redis, in tests
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
     * @param known what this process last heard of the limits, for a bucket that does not know them
     * @param lost whether the bucket may have missed requests, so that its level must not be above what was heard
     */
    async reserve(need: Amounts, known: Allowances, lost: boolean): Promise<Reservation> {
      const heard = [...column(known, "limit"), ...column(known, "remaining")];
      const answer = await run("reserve", [...inOrder(need), lost ? 1 : 0, ...heard]);
      const [atMs = 0, requests = 0, tokens = 0, correctedRequests = 0, correctedTokens = 0, waitMs = 0] = answer;
      const corrected = { requests: correctedRequests, tokens: correctedTokens };
      return { need, atMs, levels: { requests, tokens }, corrected, waitMs };
    },
    /** How long this reservation waits from now on. */
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
