// One HTTP request and its answer, on `fetch`: what went out, and what has come
// in so far. No redirect is followed.

/** A `wasi:http` error code. */
export type ErrorCode =
	| { tag: 'DNS-timeout' | 'destination-unavailable' | 'connection-refused' | 'connection-terminated' }
	| { tag: 'connection-timeout' | 'connection-read-timeout' | 'TLS-protocol-error' | 'TLS-certificate-error' }
	| { tag: 'HTTP-request-denied' | 'HTTP-request-URI-invalid' | 'HTTP-response-timeout' }
	| { tag: 'HTTP-protocol-error' | 'HTTP-response-incomplete' }
	| { tag: 'DNS-error'; val: { rcode?: string; infoCode?: number } }
	| { tag: 'HTTP-response-body-size'; val: bigint | undefined };

export interface Outgoing {
	method: string;
	url: URL;
	headers: ReadonlyArray<[name: string, value: Uint8Array]>;
}

export interface Head {
	status: number;
	headers: Array<[name: string, value: Uint8Array]>;
}

interface Settings {
	fetch: typeof fetch;
	outgoing: Outgoing;
	/** Ends with the call. */
	signal: AbortSignal;
	/** Whether the answer is shown only when all of it is there. */
	whole: boolean;
	/** Number of the wait in which the guest is. */
	wait: () => number;
}

/** What came in, and in which wait. */
type Arrival = { wait: number } & (
	| { what: 'head'; head: Head }
	| { what: 'part'; bytes: Uint8Array }
	| { what: 'end' }
	| { what: 'failure'; code: ErrorCode }
);

/** Bytes that are read ahead of the guest before the server has to wait. */
const AHEAD = 4 * 1024 * 1024;
/** The largest answer that is taken whole. */
const WHOLE = 64 * 1024 * 1024;

/** What `fetch` says about the connection, and no message must repeat. */
const OWN_HEADERS = new Set(['connection', 'content-length', 'host', 'transfer-encoding']);

export class HttpExchange {
	readonly arrivals: Arrival[] = [];
	readonly #settings: Settings;
	readonly #abort = new AbortController();
	readonly #encoder = new TextEncoder();
	#changed = deferred();
	#taken = deferred();
	#unread = 0;

	constructor(settings: Settings) {
		this.#settings = settings;
	}

	/** Settles when something has come in. */
	get changed(): Promise<void> {
		return this.#changed.promise;
	}

	/** The guest has read this many bytes. */
	took(bytes: number): void {
		this.#unread -= bytes;
		this.#taken.settle();
		this.#taken = deferred();
	}

	cancel(): void {
		this.#abort.abort();
	}

	send(body: Uint8Array<ArrayBuffer> | undefined): void {
		this.#run(body).then(
			() => this.#arrived({ what: 'end' }),
			(error: unknown) => this.#arrived({ what: 'failure', code: failureOf(error) }),
		);
	}

	async #run(body: Uint8Array<ArrayBuffer> | undefined): Promise<void> {
		const { outgoing, whole } = this.#settings;
		const headers = new Headers();
		const decoder = new TextDecoder('latin1');
		for (const [name, value] of outgoing.headers) {
			if (!OWN_HEADERS.has(name.toLowerCase())) headers.append(name, decoder.decode(value));
		}
		const response = await this.#settings.fetch(outgoing.url, {
			method: outgoing.method,
			headers,
			body: body ?? null,
			redirect: 'manual',
			signal: AbortSignal.any([this.#settings.signal, this.#abort.signal]),
		});
		const head: Head = { status: response.status, headers: this.#headersOf(response) };
		if (!whole) this.#arrived({ what: 'head', head });
		const parts: Uint8Array[] = [];
		let size = 0;
		for await (const part of response.body ?? []) {
			size += part.byteLength;
			if (whole) {
				if (size > WHOLE) throw new TooLarge();
				parts.push(part);
				continue;
			}
			this.#arrived({ what: 'part', bytes: part });
			this.#unread += part.byteLength;
			while (this.#unread > AHEAD && !this.#abort.signal.aborted) await this.#taken.promise;
		}
		if (whole) {
			this.#arrived({ what: 'head', head });
			this.#arrived({ what: 'part', bytes: Buffer.concat(parts) });
		}
	}

	#headersOf(response: Response): Head['headers'] {
		// `fetch` has unpacked the body; its packed length would be a lie.
		const unpacked = response.headers.has('content-encoding');
		const left = (name: string) => unpacked && (name === 'content-length' || name === 'content-encoding');
		return [...response.headers]
			.filter(([name]) => !left(name))
			.map(([name, value]) => [name, this.#encoder.encode(value)]);
	}

	#arrived(arrival: Arrival extends infer A ? (A extends Arrival ? Omit<A, 'wait'> : never) : never): void {
		this.arrivals.push({ ...arrival, wait: this.#settings.wait() } as Arrival);
		this.#changed.settle();
		this.#changed = deferred();
	}
}

class TooLarge extends Error {}

/** The `wasi:http` name of what `fetch` failed with. */
export function failureOf(error: unknown): ErrorCode {
	if (error instanceof TooLarge) return { tag: 'HTTP-response-body-size', val: undefined };
	const code = codeOf(error);
	switch (code) {
		case 'ECONNREFUSED':
			return { tag: 'connection-refused' };
		case 'ENOTFOUND':
			return { tag: 'DNS-error', val: { rcode: code } };
		case 'EAI_AGAIN':
			return { tag: 'DNS-timeout' };
		case 'EHOSTUNREACH':
		case 'ENETUNREACH':
		case 'EADDRNOTAVAIL':
			return { tag: 'destination-unavailable' };
		case 'ETIMEDOUT':
		case 'UND_ERR_CONNECT_TIMEOUT':
			return { tag: 'connection-timeout' };
		case 'UND_ERR_HEADERS_TIMEOUT':
			return { tag: 'HTTP-response-timeout' };
		case 'UND_ERR_BODY_TIMEOUT':
			return { tag: 'connection-read-timeout' };
		case 'UND_ERR_INVALID_ARG':
			return { tag: 'HTTP-request-URI-invalid' };
	}
	if (/CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ERR_TLS/.test(code)) return { tag: 'TLS-certificate-error' };
	if (/^(EPROTO|ERR_SSL)/.test(code)) return { tag: 'TLS-protocol-error' };
	if (code.startsWith('HPE_')) return { tag: 'HTTP-protocol-error' };
	return { tag: 'connection-terminated' };
}

/** The innermost code: `fetch` wraps causes, and one for each address tried. */
function codeOf(error: unknown): string {
	if (typeof error !== 'object' || error === null) return '';
	const { cause, code } = error as { cause?: unknown; code?: unknown };
	const inner = codeOf(cause);
	return inner !== '' ? inner : typeof code === 'string' ? code : '';
}

function deferred(): { promise: Promise<void>; settle: () => void } {
	let settle = () => {};
	const promise = new Promise<void>((resolve) => {
		settle = resolve;
	});
	return { promise, settle };
}
