import type { Component } from "./cache.ts";
import type { Ports, ServiceName } from "./state.ts";

/** How a service's process is started. */
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
  /** The stack's folder. */
  directory: string;
  /** The service's own folder: configuration and data. */
  home: string;
  java: string;
  ports: Ports;
}

/** What the stack must know of a service; each adapter lies in `services/` under its vendor's name. */
export interface Service {
  name: ServiceName;
  title: string;
  component: Component;
  /** Asks for an orderly stop that doesn't wait for clients. */
  stopSignal: NodeJS.Signals;
  /** Every port that it listens on. */
  portsOf(ports: Ports): number[];
  /** The service's folder within the stack's; its path stands in the command line, by which the process is known. */
  home(directory: string): string;
  /** Writes the configuration, creates the data folder on first use, and says how to start. */
  prepare(context: LaunchContext): Promise<Launch>;
  /** True once it answers in its own protocol. Never throws; takes a few seconds at most. */
  answers(ports: Ports): Promise<boolean>;
  /** Whether a start that ended with this in its log is worth another try. */
  isTransient?(log: string): boolean;
}
