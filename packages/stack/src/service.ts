import type { Component } from "./cache.ts";
import type { Ports, ServiceName } from "./state.ts";

/** How to start a service's process. */
export interface Launch {
  command: string;
  arguments: string[];
  /** Another user to run as; only root can. */
  user?: { uid: number; gid: number };
  environment?: NodeJS.ProcessEnv;
}

export interface LaunchContext {
  /** The installed component. */
  programs: string;
  /** The stack's directory. */
  directory: string;
  /** The service's own directory: configuration and data. */
  home: string;
  java: string;
  ports: Ports;
}

/** What the stack needs to know about a service; each adapter is in `services/` under its vendor's name. */
export interface Service {
  name: ServiceName;
  title: string;
  component: Component;
  /** Requests an orderly stop that doesn't wait for clients. */
  stopSignal: NodeJS.Signals;
  /** Every port that it listens on. */
  portsOf(ports: Ports): number[];
  /**
   * The service's directory within the stack's; its path appears in the command line, which identifies the process.
   */
  home(directory: string): string;
  /** Writes the configuration, creates the data directory on first use, and returns how to start. */
  prepare(context: LaunchContext): Promise<Launch>;
  /** True once it answers in its own protocol. Never throws; takes a few seconds at most. */
  answers(ports: Ports): Promise<boolean>;
  /** Whether a start that ended with this in its log is worth another try. */
  isTransient?(log: string): boolean;
}
