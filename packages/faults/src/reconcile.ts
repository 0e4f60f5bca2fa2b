/** A record of the source topic. */
export interface SourceRecord {
  /** `topic-partition-offset`. */
  id: string;
  expected: "valid" | "poison";
  text: string;
}

export interface StoredRow {
  id: string;
  level: "INFO" | "ERROR";
}

/** A document of the index; `id` is derived from its fields, not from its `_id`. */
export interface StoredDocument {
  id: string;
  text: string;
  /** Whether the vector matches the text exactly. */
  hasOwnVector: boolean;
}

/** Message ids by discrepancy; the promise is kept if all lists are empty. */
export interface Discrepancies {
  /** Acknowledged to the publisher but not in the topic with that content: a fault of the broker or the harness. */
  vanished: string[];
  missingRows: string[];
  missingDocuments: string[];
  doubledRows: string[];
  doubledDocuments: string[];
  /** With the reason. */
  wrong: string[];
}

/** Compares what was published with what was stored. */
export function reconcile(
  source: readonly SourceRecord[],
  acknowledged: readonly { id: string; text: string }[],
  rows: readonly StoredRow[],
  documents: readonly StoredDocument[],
): Discrepancies {
  const sourceById = new Map(source.map((record) => [record.id, record]));
  const rowsById = Map.groupBy(rows, ({ id }) => id);
  const documentsById = Map.groupBy(documents, ({ id }) => id);
  const valid = source.filter(({ expected }) => expected === "valid");
  return {
    vanished: acknowledged.filter(({ id, text }) => sourceById.get(id)?.text !== text).map(({ id }) => id),
    missingRows: source.filter(({ id }) => !rowsById.has(id)).map(({ id }) => id),
    missingDocuments: valid.filter(({ id }) => !documentsById.has(id)).map(({ id }) => id),
    doubledRows: repeated(rowsById),
    doubledDocuments: repeated(documentsById),
    wrong: [
      ...rows.flatMap((row) => wrongRow(row, sourceById.get(row.id))),
      ...documents.flatMap((document) => wrongDocument(document, sourceById.get(document.id))),
    ],
  };
}

function repeated(byId: ReadonlyMap<string, readonly unknown[]>): string[] {
  return [...byId].filter(([, same]) => same.length > 1).map(([id]) => id);
}

function wrongRow({ id, level }: StoredRow, record: SourceRecord | undefined): string[] {
  if (!record) return [`${id}: a row without a message`];
  if (record.expected === "valid" && level === "ERROR") return [`${id}: a valid message with an ERROR row`];
  if (record.expected === "poison" && level === "INFO") return [`${id}: a poisoned message with an INFO row`];
  return [];
}

function wrongDocument(document: StoredDocument, record: SourceRecord | undefined): string[] {
  const { id } = document;
  if (!record) return [`${id}: a document without a message`];
  if (record.expected === "poison") return [`${id}: a poisoned message with a document`];
  if (document.text !== record.text) return [`${id}: a document with another text`];
  if (!document.hasOwnVector) return [`${id}: a document with another vector`];
  return [];
}
