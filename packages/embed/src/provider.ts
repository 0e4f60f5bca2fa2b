import type { PoisonFault, RetryableFault } from "@millrace/shared";
import type { Account } from "./account.ts";

/** The vectors of some texts. */
export interface Embedded {
  model: string;
  dimensions: number;
  /** n × dimensions, row-major, one row for each text that did not fail, in their order. */
  vectors: Float32Array<ArrayBuffer>;
  /** Texts that have no vector and never will; indices ascending. */
  failed: { index: number; fault: PoisonFault }[];
  /** Resolves when nobody else reads the vectors, or false where that is not known; absent: nobody does. */
  released?: Promise<boolean>;
}

export type EmbeddingOutcome = Embedded | { fault: RetryableFault };

/** What a provider answers: with what it took, where it takes anything. */
export type ProviderAnswer = EmbeddingOutcome & { account?: Account };

/** Gives memory for so many numbers. */
export type Allocate = (length: number) => Float32Array<ArrayBuffer>;

export interface EmbedOptions {
  /** Ends the waiting by rejection. */
  signal?: AbortSignal | undefined;
  /** Where the vectors go, if the provider makes them in this process. A caller does not rely on it. */
  allocate?: Allocate | undefined;
}

/** A provider with something to close. */
export interface OpenProvider extends EmbeddingProvider, AsyncDisposable {}

/** Turns texts into vectors. A text that cannot be embedded fails alone; whatever may heal fails the whole request. */
export interface EmbeddingProvider {
  embed(texts: readonly string[], options?: EmbedOptions): Promise<ProviderAnswer>;
}
