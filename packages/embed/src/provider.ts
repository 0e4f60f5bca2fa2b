import type { PoisonFault, RetryableFault } from "@millrace/shared";
import type { Account } from "./account.ts";

/** The vectors of texts. */
export interface Embedded {
  model: string;
  dimensions: number;
  /** n × dimensions, row-major: one row per text that did not fail, in order. */
  vectors: Float32Array<ArrayBuffer>;
  /** Texts that can never be embedded; ascending indices. */
  failed: { index: number; fault: PoisonFault }[];
  /** Resolves once the vectors have no other reader, with false if that is unknown; absent if they have none. */
  released?: Promise<boolean>;
}

export type EmbeddingOutcome = Embedded | { fault: RetryableFault };

/** A provider's outcome, with its usage if it has limits. */
export type ProviderAnswer = EmbeddingOutcome & { account?: Account };

/** Allocates memory for this many numbers. */
export type Allocate = (length: number) => Float32Array<ArrayBuffer>;

export interface EmbedOptions {
  /** Rejects the request when aborted. */
  signal?: AbortSignal | undefined;
  /** Allocates the vectors' memory, if the provider creates them in this process. Callers must not rely on it. */
  allocate?: Allocate | undefined;
}

/** A provider with resources to close. */
export interface OpenProvider extends EmbeddingProvider, AsyncDisposable {}

/** Turns texts into vectors. A text that can't be embedded fails alone; a retryable fault fails the whole request. */
export interface EmbeddingProvider {
  embed(texts: readonly string[], options?: EmbedOptions): Promise<ProviderAnswer>;
}
