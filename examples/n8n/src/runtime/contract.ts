// The node interface, `workflow:node@0.2.0`, as generated code shows it: names in camel
// case, options as `undefined`, variants as `{ tag, val }`, errors thrown as an
// object whose `payload` they are.

export interface FieldValue {
	name: string;
	value: string;
}

export interface Session {
	token: string;
	expiresAt?: string | undefined;
	scopes: string[];
	extra?: string | undefined;
}

export type ConnectionAuth = { tag: 'session'; val: Session } | { tag: 'host-injected' } | { tag: 'self-managed' };

export interface Connection {
	fields: FieldValue[];
	auth: ConnectionAuth;
}

export interface CallContext {
	now: string;
	deadlineMs: number;
	attempt: number;
	idempotencyKey?: string | undefined;
	entropy: Uint8Array;
	traceParent?: string | undefined;
	timeZone?: string | undefined;
	locale?: string | undefined;
	dryRun: boolean;
	readOnly: boolean;
	allowedOperations?: string[] | undefined;
	confirmed: boolean;
	extensions?: string | undefined;
}

export interface Attachment {
	name: string;
	mimeType: string;
	content: { tag: 'bytes'; val: Uint8Array } | { tag: 'link'; val: { url: string; expiresAt?: string | undefined } };
}

export interface Item {
	json: string;
	attachments: Attachment[];
	/** In results: the input items that it was made from. Empty: the item of the outcome. */
	sources: Uint32Array;
}

export interface NodeError {
	kind: string;
	code: string;
	message: string;
	advice?: string | undefined;
	field?: string | undefined;
	httpStatus?: number | undefined;
	vendorMessage?: string | undefined;
	effect: 'none' | 'applied' | 'unknown';
	retry: { tag: 'never' | 'host-default' } | { tag: 'after-ms'; val: number };
	details?: string | undefined;
}

export interface Usage {
	requests: number;
	retries: number;
	waitedMs: number;
	rateLimited: number;
}

export interface Diagnostic {
	level: 'debug' | 'info' | 'warning';
	code: string;
	message: string;
	itemIndex?: number | undefined;
}

export interface Report {
	session?: Session | undefined;
	usage: Usage;
	diagnostics: Diagnostic[];
}

/** What a call returns. */
export interface Reported {
	report: Report;
}

export interface Prepared extends Reported {
	fields: FieldValue[];
	egress: string[];
	tokenUrl?: string | undefined;
}

export interface CheckReport extends Reported {
	account?: string | undefined;
	instance?: string | undefined;
	scopes: string[];
	fields: FieldValue[];
	steps: Array<{
		name: string;
		label: string;
		status: 'pass' | 'warn' | 'fail' | 'skipped';
		message: string;
		error?: NodeError | undefined;
		advice?: string | undefined;
	}>;
}

export type Outcome = { tag: 'done'; val: Item[] } | { tag: 'failed'; val: NodeError } | { tag: 'not-attempted' };

export interface Execution extends Reported {
	outcomes: Outcome[];
	next?: string | undefined;
	resumeAfterMs?: number | undefined;
}

export interface Entry {
	/** JSON text. */
	value: string;
	label: string;
	description?: string | undefined;
	parent?: string | undefined;
	disabled: boolean;
	details?: string | undefined;
}

export interface Entries extends Reported {
	entries: Entry[];
	next?: string | undefined;
}

export interface Event {
	id: string;
	occurredAt?: string | undefined;
	item: Item;
}

export interface Polled extends Reported {
	events: Event[];
	state: string;
	more: boolean;
	nextPollMs: number;
}

export interface Endpoint {
	callbackUrl: string;
	signingSecret: string;
}

export interface Subscription extends Reported {
	state: string;
	expiresAt?: string | undefined;
}

export interface Header {
	name: string;
	value: string;
}

export interface Delivery {
	method: string;
	pathWithQuery: string;
	headers: Header[];
	body: Uint8Array;
}

export interface Received extends Reported {
	events: Event[];
	state: string;
	reply: { status: number; headers: Header[]; body: Uint8Array };
}

type Maybe<T> = T | Promise<T>;

/** What an instance can be asked. All but `node` may be missing. */
export interface Exports {
	node: {
		credentialSchema(): string;
		authenticate(ctx: CallContext, connection: Connection): Maybe<Session>;
		execute(
			ctx: CallContext,
			connection: Connection,
			operation: string,
			items: Item[],
			cursor: string | undefined,
		): Maybe<Execution>;
	};
	setup?: {
		prepare(ctx: CallContext, fields: FieldValue[]): Maybe<Prepared>;
		check(ctx: CallContext, connection: Connection): Maybe<CheckReport>;
	};
	lookup?: {
		options(
			ctx: CallContext,
			connection: Connection,
			name: string,
			params: string,
			search: string | undefined,
			cursor: string | undefined,
		): Maybe<Entries>;
	};
	triggers?: {
		poll(
			ctx: CallContext,
			connection: Connection,
			trigger: string,
			config: string,
			state: string | undefined,
		): Maybe<Polled>;
		subscribe(
			ctx: CallContext,
			connection: Connection,
			trigger: string,
			config: string,
			endpoint: Endpoint,
			state: string | undefined,
		): Maybe<Subscription>;
		unsubscribe(
			ctx: CallContext,
			connection: Connection,
			trigger: string,
			config: string,
			state: string,
		): Maybe<Report>;
		receive(
			ctx: CallContext,
			connection: Connection,
			trigger: string,
			config: string,
			endpoint: Endpoint,
			state: string,
			delivery: Delivery,
		): Maybe<Received>;
	};
}

export interface Glue {
	instantiate(
		module: (name: string) => Promise<WebAssembly.Module>,
		imports: Record<string, Record<string, unknown>>,
	): Promise<Exports>;
}
