export interface Candidate {
  id: string;
  vector: Float32Array;
}

/** Compares a vector with all candidates and returns the nearest by cosine; `undefined` if there is none. */
export function nearestNeighbour(query: Float32Array, candidates: readonly Candidate[]): Candidate | undefined {
  let nearest: Candidate | undefined;
  let highest = Number.NEGATIVE_INFINITY;
  for (const candidate of candidates) {
    const similarity = dot(query, candidate.vector) / Math.sqrt(dot(candidate.vector, candidate.vector));
    if (similarity <= highest) continue;
    highest = similarity;
    nearest = candidate;
  }
  return nearest;
}

function dot(one: Float32Array, other: Float32Array): number {
  let sum = 0;
  for (let index = 0; index < one.length; index++) sum += (one[index] ?? 0) * (other[index] ?? 0);
  return sum;
}
