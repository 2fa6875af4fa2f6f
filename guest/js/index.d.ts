/** A value that JSON can hold. */
export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

/**
 * A field in the short form, `"TYPE[] ! Title @list"`: a type (`string`, `text`, `integer`,
 * `number`, `boolean`, `date`, `datetime`, `url`, `object`, `any`), `[]` for several, `!` for
 * required, `?` in an output for one that may be null, a title, and the list of a dropdown.
 */
export type ShortField = string;

/** The same with members of JSON Schema. */
export interface LongField {
  type: ShortField;
  title?: string;
  description?: string;
  default?: Json;
  enum?: Json[];
  examples?: Json[];
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  minItems?: number;
  maxItems?: number;
  pattern?: string;
  /** Name of a list, or also where its parameters are: JSON pointers into the input. */
  options?: string | { list: string; parameters?: Record<string, string> };
  /** Fields of an `object`. */
  fields?: Fields;
  /** Whether people outside write the text of this output. */
  untrusted?: boolean;
  /** Where a form has an optional field. */
  place?: "options" | "sort" | "none";
}

export type Fields = Record<string, ShortField | LongField>;

export type ErrorKind =
  | "invalid-input"
  | "unauthenticated"
  | "forbidden"
  | "not-found"
  | "conflict"
  | "rate-limited"
  | "unavailable"
  | "timeout"
  | "denied"
  | "protocol"
  | "unsupported"
  | "internal";

/** Requests to the service. */
export interface Http {
  /** Scheme, host and port of the service. */
  readonly origin: string;
  /** The time at which the call started, RFC 3339. The clock of the engine stands still. */
  readonly now: string;
  /** A random id that is new in each call. `Math.random` repeats itself in each call. */
  uuid(): string;
  get(path: string, query?: Record<string, unknown>): Promise<any>;
  post(path: string, body?: unknown): Promise<any>;
  put(path: string, body?: unknown): Promise<any>;
  patch(path: string, body?: unknown): Promise<any>;
  delete(path: string): Promise<any>;
  request(method: string, path: string, options?: RequestOptions): Promise<any>;
  exchange(
    method: string,
    path: string,
    options?: RequestOptions,
  ): Promise<{ status: number; headers: Record<string, string>; body: any }>;
}

export interface RequestOptions {
  query?: Record<string, unknown>;
  body?: unknown;
  headers?: Record<string, string>;
  /** Of a request that is not a GET: whether it changes nothing. */
  reads?: boolean;
}

/** A part of a list, and where the next one begins; none where it is `null` or missing. */
export interface Page<Item> {
  items: Item[];
  next?: Json;
}

export type Entry = [value: Json, label: string] | { value: Json; label: string; description?: string };

export interface Operation {
  description?: string;
  input?: Fields;
  output?: Fields;
  /** An input that works. Needed where a field is required. */
  example?: Record<string, Json>;
  examples?: { title: string; input: Record<string, Json> }[];
  scopes?: string[];
  essential?: string[];
}

export interface Write extends Operation {
  /** Takes something away; refused unless confirmed. */
  destructive?: boolean;
  /** Customers see the effect; refused unless confirmed. */
  customerVisible?: boolean;
  /** Twice is the same as once. */
  idempotent?: boolean;
  confirmWhen?: { at: string; is?: Json[]; not?: Json[] }[];
}

export interface Poll {
  description?: string;
  config?: Fields;
  output?: Fields;
  everyMs?: number;
  sample?: Record<string, Json>;
  /** Member of an item that identifies the event; `id` unless set. */
  id?: string;
  /** Member of an item that says when it occurred. */
  time?: string;
  run(http: Http, state: any, config: any): Promise<{ items: any[]; state: Json; more?: boolean }>;
}

/** A node. Each method returns the node itself. */
export interface Definition {
  credentials(login: Login): this;
  account(run: (http: Http) => Promise<string>): this;
  list(
    id: string,
    title: string,
    settings: Operation & { run(http: Http, input: any, page?: any): Promise<Page<any>> },
  ): this;
  read(id: string, title: string, settings: Operation & { run(http: Http, input: any): Promise<any> }): this;
  write(id: string, title: string, settings: Write & { run(http: Http, input: any): Promise<any> }): this;
  options(
    name: string,
    title: string,
    run: (http: Http, search: string | undefined, page: any, parameters: any) => Promise<Page<Entry>>,
    settings?: { description?: string; parameters?: Fields },
  ): this;
  poll(name: string, title: string, settings: Poll): this;
  /** The manifest; throws where declarations contradict each other. */
  manifest(): any;
}

export function node(
  name: string,
  title: string,
  description: string,
  more?: { version?: string; license?: string; keywords?: string[]; documentationUrl?: string },
): Definition;

/** A way to log in. */
export interface Login {
  readonly spec: any;
}

export interface Address {
  /** The fixed address of the service; without it the form asks for one. */
  url?: string;
  /** How the form asks for it. */
  address?: { label?: string; help?: string; placeholder?: string; default_value?: string };
  documentationUrl?: string;
}

export function none(settings?: Address): Login;
export function apiKey(settings: Address & { header: string; prefix?: string; label?: string; help?: string }): Login;
export function bearerKey(settings?: Address & { label?: string; help?: string }): Login;
export function basic(settings?: Address & { help?: string }): Login;
export function oauth2ClientCredentials(settings: Address & { tokenUrl: string; scope?: string; help?: string }): Login;

/** Ends the operation on this item. */
export function fail(
  kind: ErrorKind,
  code: string,
  message: string,
  more?: { advice?: string; field?: string; details?: Json },
): never;
