/**
 * Fuses rankings by reciprocal rank fusion: an item's score is the sum of 1 / (60 + rank) over the rankings that have
 * it, ranks counted from 1. It needs no scores, so rankings of different measures (BM25, cosine) can be fused.
 * Source: Cormack, Clarke, Büttcher, "Reciprocal Rank Fusion outperforms Condorcet and individual Rank Learning
 * Methods", SIGIR 2009, where k = 60 was found best and not critical.
 *
 * @param rankings ids, best first; an id at most once in each
 * @returns all ids with their scores, best first; equal scores keep the order in which the ids first appeared
 */
export function fuseRankings(rankings: readonly (readonly string[])[]): { id: string; score: number }[] {
  const scores = new Map<string, number>();
  for (const ranking of rankings) {
    for (const [index, id] of ranking.entries()) {
      scores.set(id, (scores.get(id) ?? 0) + 1 / (K + index + 1));
    }
  }
  return [...scores].map(([id, score]) => ({ id, score })).sort((one, other) => other.score - one.score);
}

const K = 60;
