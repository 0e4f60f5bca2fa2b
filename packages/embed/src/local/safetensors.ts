import { readFileSync } from "node:fs";
import { z } from "zod";

/**
 * Reads the safetensors format: eight bytes with the header's length, a JSON header that describes the tensors, then their
 * values, little-endian and row-major (https://github.com/huggingface/safetensors#format).
 */

/** The element types with a JavaScript typed array. */
const arrayTypes = {
  I8: Int8Array,
  U8: Uint8Array,
  I16: Int16Array,
  U16: Uint16Array,
  I32: Int32Array,
  U32: Uint32Array,
  F32: Float32Array,
  F64: Float64Array,
};
type ElementType = keyof typeof arrayTypes;
export type TensorData = InstanceType<(typeof arrayTypes)[ElementType]>;

export interface Tensor {
  shape: readonly number[];
  /** Row-major: the last dimension varies fastest. */
  data: TensorData;
}

const headerLengthBytes = 8;
const count = z.int().nonnegative();
const tensorSchema = z.object({ dtype: z.string(), shape: z.array(count), data_offsets: z.tuple([count, count]) });
const headerSchema = z.record(z.string(), z.unknown());

/** Throws an error that names the file and the problem, even if the file is truncated or corrupt. */
export function readSafetensors(path: string | URL): Map<string, Tensor> {
  try {
    return parseSafetensors(readFileSync(path));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`${path} is not a readable safetensors file: ${reason}`, { cause: error });
  }
}

/** The tensors share memory with `file` if aligned. */
export function parseSafetensors(file: Uint8Array<ArrayBuffer>): Map<string, Tensor> {
  if (file.length < headerLengthBytes) throw new Error(`it has only ${file.length} bytes`);
  const headerLength = new DataView(file.buffer, file.byteOffset).getBigUint64(0, true);
  if (headerLength > BigInt(file.length - headerLengthBytes)) throw new Error("it ends within its header");

  const valuesStart = headerLengthBytes + Number(headerLength);
  const header = parseHeader(file.subarray(headerLengthBytes, valuesStart));
  const values = file.subarray(valuesStart);
  const tensors = new Map<string, Tensor>();
  for (const [name, entry] of Object.entries(header)) {
    // This header entry is free-form metadata, not a tensor.
    if (name !== "__metadata__") tensors.set(name, parseTensor(name, entry, values));
  }
  return tensors;
}

function parseHeader(bytes: Uint8Array): Record<string, unknown> {
  const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  const header = headerSchema.safeParse(JSON.parse(text));
  if (!header.success) throw new Error("its header is not a JSON object");
  return header.data;
}

function parseTensor(name: string, entry: unknown, values: Uint8Array<ArrayBuffer>): Tensor {
  const parsed = tensorSchema.safeParse(entry);
  if (!parsed.success) throw new Error(`tensor "${name}": ${z.prettifyError(parsed.error)}`);
  const { dtype, shape, data_offsets } = parsed.data;
  if (!isElementType(dtype)) throw new Error(`tensor "${name}" has elements of type ${dtype}, which is not supported`);

  const [start, end] = data_offsets;
  const byteLength = shape.reduce((product, size) => product * size, arrayTypes[dtype].BYTES_PER_ELEMENT);
  if (end - start !== byteLength) throw new Error(`tensor "${name}" has ${end - start} bytes instead of ${byteLength}`);
  if (end > values.length) throw new Error(`it ends within tensor "${name}"`);
  return { shape, data: typedArray(dtype, values.subarray(start, end)) };
}

function isElementType(name: string): name is ElementType {
  return Object.hasOwn(arrayTypes, name);
}

function typedArray(type: ElementType, bytes: Uint8Array<ArrayBuffer>): TensorData {
  const ArrayType = arrayTypes[type];
  // A typed array must start at a multiple of its element's size, which the format does not guarantee; a copy does.
  const aligned = bytes.byteOffset % ArrayType.BYTES_PER_ELEMENT === 0 ? bytes : new Uint8Array(bytes);
  return new ArrayType(aligned.buffer, aligned.byteOffset, aligned.byteLength / ArrayType.BYTES_PER_ELEMENT);
}
