// The resources of `wasi:http` and `wasi:io` that a guest holds. They know the
// exchange that they belong to; what may be seen of it now is `View`'s business.

import type { ErrorCode, HttpExchange } from './exchange.ts';

/** What a guest, at the place where it is, may see and do. */
export interface View {
	/** Whether what arrived in this wait is there already. */
	sees(wait: number): boolean;
	/** Whether letting go of a resource ends what it stands for. */
	readonly drops: boolean;
	poll(pollables: readonly Pollable[]): Uint32Array | Promise<Uint32Array>;
}

/** Something to wait for. */
export class Pollable {
	readonly #view: View;
	readonly ready: () => boolean;
	/** Settles at the latest when the signal fires; it may be too early. */
	readonly settles: (signal: AbortSignal) => Promise<unknown>;

	constructor(view: View, ready: () => boolean, settles: (signal: AbortSignal) => Promise<unknown>) {
		this.#view = view;
		this.ready = ready;
		this.settles = settles;
	}

	block(): Promise<void> | undefined {
		const done = this.#view.poll([this]);
		return done instanceof Promise ? done.then(() => undefined) : undefined;
	}
}

export class IoError {
	readonly code: ErrorCode;

	constructor(code: ErrorCode) {
		this.code = code;
	}

	toDebugString(): string {
		return this.code.tag;
	}
}

type Header = [name: string, value: Uint8Array];

export class Fields {
	readonly list: Header[];

	constructor(list: Header[] = []) {
		this.list = list;
	}

	static fromList(list: Header[]): Fields {
		return new Fields(list.map(([name, value]) => [name, value.slice()]));
	}

	append(name: string, value: Uint8Array): void {
		this.list.push([name, value.slice()]);
	}

	get(name: string): Uint8Array[] {
		const wanted = name.toLowerCase();
		return this.list.filter(([key]) => key.toLowerCase() === wanted).map(([, value]) => value);
	}

	entries(): Header[] {
		return this.list;
	}
}

/** Advice to a host; guests keep their limits by the clock, and calls end. */
export class RequestOptions {
	setConnectTimeout(): void {}
	setFirstByteTimeout(): void {}
	setBetweenBytesTimeout(): void {}
}

type Tagged = { tag: string; val?: string };

export class OutgoingRequest {
	readonly headers: Fields;
	method = 'GET';
	scheme = 'https';
	authority = '';
	path = '/';
	content: OutgoingBody | undefined;

	constructor(headers: Fields) {
		this.headers = headers;
	}

	body(): OutgoingBody {
		this.content = new OutgoingBody();
		return this.content;
	}

	setMethod(method: Tagged): void {
		this.method = (method.val ?? method.tag).toUpperCase();
	}

	setScheme(scheme: Tagged | undefined): void {
		this.scheme = (scheme?.val ?? scheme?.tag ?? 'https').toLowerCase();
	}

	setAuthority(authority: string | undefined): void {
		this.authority = authority ?? '';
	}

	setPathWithQuery(path: string | undefined): void {
		this.path = path ?? '/';
	}

	/** None where it is no URL, or more than scheme, host, port and path. */
	url(): URL | undefined {
		const url = URL.parse(`${this.scheme}://${this.authority}${this.path}`);
		const plain = url !== null && url.username === '' && url.password === '';
		return plain && /^https?:$/.test(url.protocol) && !/[/\\?#@]/.test(this.authority) ? url : undefined;
	}
}

/** Collected whole; the request goes out when it is finished. */
export class OutgoingBody {
	readonly parts: Uint8Array[] = [];
	onFinish: ((bytes: Uint8Array<ArrayBuffer>) => void) | undefined;
	onDrop: (() => void) | undefined;
	#finished = false;

	write(): OutputStream {
		return new OutputStream(this.parts);
	}

	static finish(body: OutgoingBody): void {
		body.#finished = true;
		body.onFinish?.(Buffer.concat(body.parts));
	}

	[Symbol.dispose](): void {
		if (!this.#finished) this.onDrop?.();
	}
}

/** Always has room. */
export class OutputStream {
	readonly #parts: Uint8Array[];

	constructor(parts: Uint8Array[]) {
		this.#parts = parts;
	}

	checkWrite(): bigint {
		return 1024n * 1024n;
	}

	write(bytes: Uint8Array): void {
		this.#parts.push(bytes.slice());
	}

	flush(): void {}

	blockingWriteAndFlush(bytes: Uint8Array): void {
		this.write(bytes);
	}

	blockingFlush(): void {}

	subscribe(): Pollable {
		const never: View = { sees: () => true, drops: true, poll: () => new Uint32Array([0]) };
		return new Pollable(never, () => true, () => Promise.resolve());
	}
}

type Result<T> = { tag: 'ok'; val: T } | { tag: 'err'; val: ErrorCode };

export class FutureIncomingResponse {
	readonly #view: View;
	readonly #exchange: HttpExchange;
	#given = false;

	constructor(view: View, exchange: HttpExchange) {
		this.#view = view;
		this.#exchange = exchange;
	}

	get(): { tag: 'ok'; val: Result<IncomingResponse> } | { tag: 'err'; val: undefined } | undefined {
		const first = this.#exchange.arrivals[0];
		if (first === undefined || !this.#view.sees(first.wait)) return undefined;
		if (this.#given) return { tag: 'err', val: undefined };
		this.#given = true;
		if (first.what === 'head') {
			return { tag: 'ok', val: { tag: 'ok', val: new IncomingResponse(this.#view, this.#exchange, first.head) } };
		}
		const code: ErrorCode = first.what === 'failure' ? first.code : { tag: 'HTTP-protocol-error' };
		return { tag: 'ok', val: { tag: 'err', val: code } };
	}

	subscribe(): Pollable {
		return arrivalOf(this.#view, this.#exchange, () => 0);
	}

	[Symbol.dispose](): void {
		if (!this.#given && this.#view.drops) this.#exchange.cancel();
	}
}

export class IncomingResponse {
	readonly #view: View;
	readonly #exchange: HttpExchange;
	readonly #head: { status: number; headers: Header[] };

	constructor(view: View, exchange: HttpExchange, head: { status: number; headers: Header[] }) {
		this.#view = view;
		this.#exchange = exchange;
		this.#head = head;
	}

	status(): number {
		return this.#head.status;
	}

	headers(): Fields {
		return new Fields(this.#head.headers);
	}

	consume(): IncomingBody {
		return new IncomingBody(this.#view, this.#exchange);
	}
}

export class IncomingBody {
	readonly #view: View;
	readonly #exchange: HttpExchange;

	constructor(view: View, exchange: HttpExchange) {
		this.#view = view;
		this.#exchange = exchange;
	}

	stream(): InputStream {
		return new InputStream(this.#view, this.#exchange);
	}

	[Symbol.dispose](): void {
		if (this.#view.drops) this.#exchange.cancel();
	}
}

export class InputStream {
	readonly #view: View;
	readonly #exchange: HttpExchange;
	/** The next arrival to read, after the head, and what was read of it. */
	#next = 1;
	#offset = 0;

	constructor(view: View, exchange: HttpExchange) {
		this.#view = view;
		this.#exchange = exchange;
	}

	read(length: bigint): Uint8Array {
		const arrival = this.#exchange.arrivals[this.#next];
		if (arrival === undefined || !this.#view.sees(arrival.wait)) return new Uint8Array();
		if (arrival.what === 'failure') throw { tag: 'last-operation-failed', val: new IoError(arrival.code) };
		if (arrival.what !== 'part') throw { tag: 'closed' };
		const end = Math.min(arrival.bytes.byteLength, this.#offset + Number(length));
		const bytes = arrival.bytes.subarray(this.#offset, end);
		this.#offset = end;
		if (end === arrival.bytes.byteLength) {
			this.#next += 1;
			this.#offset = 0;
			this.#exchange.took(end);
			// An empty answer would mean "nothing yet".
			if (bytes.byteLength === 0) return this.read(length);
		}
		return bytes;
	}

	blockingRead(length: bigint): Uint8Array | Promise<Uint8Array> {
		const done = this.subscribe().block();
		return done === undefined ? this.read(length) : done.then(() => this.read(length));
	}

	subscribe(): Pollable {
		return arrivalOf(this.#view, this.#exchange, () => this.#next);
	}
}

/** Ready when arrival number `next()` can be seen. */
function arrivalOf(view: View, exchange: HttpExchange, next: () => number): Pollable {
	const ready = () => {
		const arrival = exchange.arrivals[next()];
		return arrival !== undefined && view.sees(arrival.wait);
	};
	return new Pollable(view, ready, async () => {
		while (exchange.arrivals[next()] === undefined) await exchange.changed;
	});
}
