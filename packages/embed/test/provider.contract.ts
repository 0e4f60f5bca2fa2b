import { describe, expect, test } from "vitest";
import type { Embedded, EmbeddingProvider } from "../src/provider.ts";

export interface ProviderUnderTest {
  provider: EmbeddingProvider;
  model: string;
  dimensions: number;
  /** A text that this provider cannot embed. */
  unembeddable: string;
}

export async function embedded(provider: EmbeddingProvider, texts: readonly string[]): Promise<Embedded> {
  const outcome = await provider.embed(texts);
  if ("fault" in outcome) throw new Error(outcome.fault.cause);
  return outcome;
}

/** What every embedding provider promises. */
export function describeProvider(name: string, { provider, model, dimensions, unembeddable }: ProviderUnderTest): void {
  const texts = Array.from({ length: 33 }, (_, index) => `text number ${index} of the lost cards`);

  describe(`the ${name} provider`, () => {
    test("names its model and its dimensions", async () => {
      expect(await embedded(provider, ["a text"])).toMatchObject({ model, dimensions, failed: [] });
    });

    test("returns a row of finite numbers per text, in order", async () => {
      const { vectors, failed } = await embedded(provider, texts);
      expect(failed).toEqual([]);
      expect(vectors).toBeInstanceOf(Float32Array);
      expect(vectors.length).toBe(texts.length * dimensions);
      expect(vectors.every(Number.isFinite)).toBe(true);
      for (const row of [0, 1, 16, 32]) {
        const alone = await embedded(provider, [texts[row] ?? ""]);
        expect(vectors.slice(row * dimensions, (row + 1) * dimensions)).toEqual(alone.vectors);
      }
    });

    test("returns memory that nothing else uses, so that it can be transferred", async () => {
      const first = await embedded(provider, texts.slice(0, 2));
      const before = first.vectors.slice();
      expect(first.vectors.buffer.byteLength).toBe(2 * dimensions * 4);
      await embedded(provider, texts.slice(2, 4));
      expect(first.vectors).toEqual(before);
    });

    test("lets a text that cannot be embedded fail alone, without a row", async () => {
      const mixed = [unembeddable, "first", "second", unembeddable, "third", unembeddable];
      const { vectors, failed } = await embedded(provider, mixed);
      expect(failed.map(({ index }) => index)).toEqual([0, 3, 5]);
      expect(failed.every(({ fault }) => fault.kind === "poison" && fault.cause !== "")).toBe(true);
      expect(vectors).toEqual((await embedded(provider, ["first", "second", "third"])).vectors);
    });

    test("returns no rows if no text can be embedded", async () => {
      const { vectors, failed } = await embedded(provider, [unembeddable, unembeddable]);
      expect(failed.map(({ index }) => index)).toEqual([0, 1]);
      expect(vectors.length).toBe(0);
    });
  });
}
