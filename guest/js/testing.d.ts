import type { Definition } from "./index.js";

export interface Call {
  dryRun?: boolean;
  readOnly?: boolean;
  confirmed?: boolean;
  allowedOperations?: string[];
  deadlineMs?: number;
}

export interface FakeService {
  /** Every request that was sent. */
  readonly requests: { method: string; url: string; path: string; headers: Record<string, string>; body: any }[];
  /**
   * The response to a request, such as `"GET /v1/loans?page=1"`. Of several for one request
   * each is given once, in order, and the last one again and again.
   */
  on(
    route: string,
    status: number | "refused" | "broken" | "timeout",
    body?: unknown,
    headers?: Record<string, string>,
  ): this;
  /** The results for one item, of all pages. */
  run(operation: string, input?: object, call?: Call): Promise<any[]>;
  /** The outcome of each item, over all calls. */
  runAll(
    operation: string,
    inputs: object[],
    call?: Call,
  ): Promise<({ done: any[]; failed?: undefined } | { failed: any; done?: undefined })[]>;
  options(
    name: string,
    settings?: { search?: string; parameters?: object },
  ): Promise<{ value: any; label: string; description?: string }[]>;
  poll(
    trigger: string,
    state?: string,
    config?: object,
  ): Promise<{ events: { id: string; occurredAt?: string; item: any }[]; state: string; more: boolean }>;
  check(): Promise<any>;
}

/** A node over responses that a test wrote down. */
export function fake(definition: Definition): FakeService;
