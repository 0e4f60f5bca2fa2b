import type { AwsCredentialsProvider } from "@millrace/connections";
import type { Patience } from "@millrace/shared";

/**
 * The doctor's side of the two stores: the settings that it reads, and the part of each client that it uses. It does not
 * import the clients, so that a process without a store installs none.
 */
export interface ExaminedPostgres {
  POSTGRES_HOST: string;
  POSTGRES_PORT: number;
  POSTGRES_DATABASE: string;
  POSTGRES_USER: string;
  POSTGRES_PASSWORD?: string | undefined;
  POSTGRES_SCHEMA: string;
  POSTGRES_TLS: boolean;
  POSTGRES_TLS_CA_PATH?: string | undefined;
  POSTGRES_USE_IAM_AUTH: boolean;
  /** If the process creates its table. */
  POSTGRES_MIGRATE?: boolean;
}

export interface ExaminedOpenSearch {
  OPENSEARCH_ENDPOINT: string;
  OPENSEARCH_INDEX: string;
  OPENSEARCH_USERNAME?: string | undefined;
  OPENSEARCH_PASSWORD?: string | undefined;
  OPENSEARCH_TLS_CA_PATH?: string | undefined;
  OPENSEARCH_USE_IAM_AUTH: boolean;
  OPENSEARCH_AWS_SERVICE: "es" | "aoss";
  /** If the process may create its index. */
  OPENSEARCH_CREATE_INDEX?: boolean;
}

/** Opens a client for one examination: `openPostgres` or `openOpenSearch`. */
export type OpenClient<Settings, Client> = (
  settings: Settings,
  patience: Patience,
  credentials?: AwsCredentialsProvider,
) => Client;

export interface DatabasePool {
  connect(): Promise<DatabaseSession>;
  end(): Promise<void>;
  readonly ended: boolean;
}

export interface DatabaseSession {
  query(text: string, values?: unknown[]): Promise<{ rows: Record<string, unknown>[]; rowCount: number | null }>;
  on(event: "error", listener: (error: Error) => void): unknown;
  /** @param destroy closes the connection instead of keeping it */
  release(destroy?: boolean): void;
}

export interface SearchClient {
  transport: {
    request(parameters: {
      method: string;
      path: string;
      body?: Record<string, unknown>;
      bulkBody?: Record<string, unknown>[];
    }): PromiseLike<{ statusCode: number | null; body: unknown }>;
  };
  close(): Promise<void>;
}
