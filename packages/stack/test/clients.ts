import { randomUUID } from "node:crypto";
import { Redis } from "ioredis";
import { Kafka, logLevel } from "kafkajs";
import { Client } from "pg";
import type { StackEnvironment } from "../src/environment.ts";

/** One record in each service, so that a test can tell whether the service still has it. */
export interface Records {
  postgres(): Promise<string | undefined>;
  opensearch(): Promise<string | undefined>;
  redis(): Promise<string | null>;
  kafka(): Promise<string | undefined>;
}

/** Writes one record to each service in its own protocol; the result reads them back. */
export async function writeRecords(env: StackEnvironment, value: string): Promise<Records> {
  const name = `records-${randomUUID()}`;
  await withPostgres(env, (client) => client.query(`CREATE TABLE "${name}" AS SELECT $1::text AS value`, [value]));
  await withRedis(env, (client) => client.set(name, value));
  await writeKafka(env, name, value);
  await writeOpenSearch(env, name, value);
  return {
    postgres: () =>
      withPostgres(
        env,
        async (client) => (await client.query<{ value: string }>(`SELECT * FROM "${name}"`)).rows[0]?.value,
      ),
    redis: () => withRedis(env, (client) => client.get(name)),
    kafka: () => readKafka(env, name),
    opensearch: () => searchOpenSearch(env, name),
  };
}

export async function withPostgres<Result>(
  env: StackEnvironment,
  work: (client: Client) => Promise<Result>,
): Promise<Result> {
  const client = new Client({
    host: env.POSTGRES_HOST,
    port: Number(env.POSTGRES_PORT),
    user: env.POSTGRES_USER,
    password: env.POSTGRES_PASSWORD,
    database: env.POSTGRES_DATABASE,
  });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

async function withRedis<Result>(env: StackEnvironment, work: (client: Redis) => Promise<Result>): Promise<Result> {
  const client = new Redis(Number(env.REDIS_PORT), env.REDIS_HOST);
  try {
    return await work(client);
  } finally {
    client.disconnect();
  }
}

function kafka(env: StackEnvironment): Kafka {
  return new Kafka({ brokers: [env.KAFKA_BOOTSTRAP_SERVERS], logLevel: logLevel.NOTHING });
}

async function writeKafka(env: StackEnvironment, topic: string, value: string): Promise<void> {
  const admin = kafka(env).admin();
  const producer = kafka(env).producer();
  await Promise.all([admin.connect(), producer.connect()]);
  await admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: true });
  await producer.send({ topic, messages: [{ value }] });
  await Promise.all([admin.disconnect(), producer.disconnect()]);
}

async function readKafka(env: StackEnvironment, topic: string): Promise<string | undefined> {
  const consumer = kafka(env).consumer({ groupId: randomUUID(), sessionTimeout: 6_000 });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  await consumer.run({ eachMessage: async ({ message }) => resolve(message.value?.toString()) });
  try {
    return await promise;
  } finally {
    await consumer.disconnect();
  }
}

async function writeOpenSearch(env: StackEnvironment, index: string, value: string): Promise<void> {
  const vector = {
    type: "knn_vector",
    dimension: 2,
    method: { name: "hnsw", engine: "lucene", space_type: "cosinesimil" },
  };
  await request(env, "PUT", index, {
    settings: { "index.knn": true, number_of_replicas: 0 },
    mappings: { properties: { vector, value: { type: "keyword" } } },
  });
  await request(env, "PUT", `${index}/_doc/far`, { vector: [1, 0], value: "far" });
  await request(env, "PUT", `${index}/_doc/near?refresh=true`, { vector: [0, 1], value });
}

interface SearchResponse {
  hits: { hits: { _source: { value: string } }[] };
}

async function searchOpenSearch(env: StackEnvironment, index: string): Promise<string | undefined> {
  const query = { knn: { vector: { vector: [0.1, 0.9], k: 1 } } };
  const response = await request(env, "POST", `${index}/_search`, { size: 1, query });
  const { hits } = (await response.json()) as SearchResponse;
  return hits.hits[0]?._source.value;
}

async function request(env: StackEnvironment, method: string, path: string, body: object): Promise<Response> {
  const headers = { "content-type": "application/json" };
  const response = await fetch(`${env.OPENSEARCH_ENDPOINT}/${path}`, { method, headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return response;
}
