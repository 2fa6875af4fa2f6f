// One account at the service: its completed fields, what it may reach, and a
// session that all calls share. Kept for each set of credentials, so that runs,
// dropdowns and triggers log in once.

import type { CallContext, CheckReport, Connection, Exports, NodeError, Reported, Session } from './contract.ts';
import type { Component } from './component.ts';
import { originsIn, preparedGate, typedGate } from './egress.ts';
import { failureOf } from './failure.ts';
import type { Gate } from './world.ts';

/** How a call is to be made. */
export interface Call {
	/** How long the call may take. */
	deadlineMs?: number;
	idempotencyKey?: string;
	timeZone?: string;
	dryRun?: boolean;
	/** Whether a person chose this very operation. */
	confirmed?: boolean;
}

const DEADLINE_MS = 60_000;
/** How long before its end a session is not used any more. */
const RENEW_BEFORE_MS = 60_000;

export class Account {
	readonly #component: Component;
	readonly #spec: readonly string[];
	readonly #values: Readonly<Record<string, string>>;
	readonly #secrets: ReadonlySet<string>;
	#ready: Promise<Ready> | undefined;
	#session: Promise<Session> | undefined;

	constructor(
		component: Component,
		spec: readonly string[],
		values: Readonly<Record<string, string>>,
		secrets: ReadonlySet<string>,
	) {
		this.#component = component;
		this.#spec = spec;
		this.#values = values;
		this.#secrets = secrets;
	}

	/** Makes a call with a session; once more with a fresh one where it was dead. */
	async call<T extends Reported>(
		how: Call,
		run: (exports: Exports, context: CallContext, connection: Connection) => Promise<T> | T,
	): Promise<T> {
		const { fields, gate } = await this.#prepared();
		for (let attempt = 1; ; attempt += 1) {
			const lease = how.dryRun === true ? undefined : this.#lease();
			const auth: Connection['auth'] =
				lease === undefined ? { tag: 'self-managed' } : { tag: 'session', val: await lease };
			try {
				const result = await this.#component.call(gate, (exports) =>
					run(exports, context(how, attempt), { fields, auth }),
				);
				const { session } = result.report;
				if (session !== undefined) this.#session = Promise.resolve(session);
				return result;
			} catch (error) {
				const failure = failureOf(error);
				if (attempt > 1 || lease === undefined || !isDead(failure.error)) throw failure;
				if (this.#session === lease) this.#session = undefined;
			}
		}
	}

	/** Logs in and tries what a person will need, if the component can do that. */
	async check(): Promise<Pick<CheckReport, 'account' | 'steps'>> {
		const { fields, gate } = await this.#prepared();
		try {
			return await this.#component.call(gate, async (exports) => {
				const connection: Connection = { fields, auth: { tag: 'self-managed' } };
				if (exports.setup !== undefined) return exports.setup.check(context({}, 1), connection);
				await exports.node.authenticate(context({}, 1), connection);
				return { steps: [] };
			});
		} catch (error) {
			throw failureOf(error);
		}
	}

	/** The session, or the login that is under way. */
	#lease(): Promise<Session> {
		const held = this.#session;
		const lease = held === undefined ? this.#logIn() : held.then((session) => (isFresh(session) ? session : this.#renew(held)));
		this.#session ??= lease;
		return lease;
	}

	/** One login, however many calls found the session too old. */
	#renew(old: Promise<Session>): Promise<Session> {
		if (this.#session === old || this.#session === undefined) this.#session = this.#logIn();
		return this.#session;
	}

	async #logIn(): Promise<Session> {
		const { fields, gate } = await this.#prepared();
		try {
			return await this.#component.call(gate, (exports) =>
				exports.node.authenticate(context({}, 1), { fields, auth: { tag: 'self-managed' } }),
			);
		} catch (error) {
			this.#session = undefined;
			throw failureOf(error);
		}
	}

	#prepared(): Promise<Ready> {
		this.#ready ??= this.#prepare().catch((error: unknown) => {
			this.#ready = undefined;
			throw failureOf(error);
		});
		return this.#ready;
	}

	async #prepare(): Promise<Ready> {
		const typed = Object.entries(this.#values).map(([name, value]) => ({ name, value }));
		const secret = typed.filter(({ name }) => this.#secrets.has(name));
		const open = typed.filter(({ name }) => !this.#secrets.has(name));
		const known = Object.fromEntries(open.map(({ name, value }) => [name, value]));
		const { fields, egress } = await this.#component.call(
			typedGate(this.#spec, known),
			(exports) => exports.setup?.prepare(context({}, 1), open) ?? { fields: open, egress: originsIn(this.#spec, known) },
		);
		return { fields: [...fields, ...secret], gate: preparedGate(this.#spec, known, egress) };
	}
}

interface Ready {
	fields: Connection['fields'];
	gate: Gate;
}

function isFresh(session: Session): boolean {
	return session.expiresAt === undefined || Date.parse(session.expiresAt) - RENEW_BEFORE_MS > Date.now();
}

function isDead(error: NodeError): boolean {
	return error.kind === 'unauthenticated' && error.effect === 'none';
}

function context(how: Call, attempt: number): CallContext {
	return {
		now: new Date().toISOString(),
		deadlineMs: how.deadlineMs ?? DEADLINE_MS,
		attempt,
		idempotencyKey: how.idempotencyKey,
		entropy: crypto.getRandomValues(new Uint8Array(32)),
		timeZone: how.timeZone,
		dryRun: how.dryRun ?? false,
		readOnly: false,
		confirmed: how.confirmed ?? false,
	};
}

/** Accounts by their credentials, the least used forgotten first. */
export class Accounts {
	readonly #limit: number;
	readonly #make: (values: Record<string, string>) => Account;
	readonly #known = new Map<string, Account>();

	constructor(make: (values: Record<string, string>) => Account, limit = 100) {
		this.#make = make;
		this.#limit = limit;
	}

	async of(values: Record<string, string>): Promise<Account> {
		const bytes = new TextEncoder().encode(JSON.stringify(Object.entries(values).sort()));
		const key = Buffer.from(await crypto.subtle.digest('SHA-256', bytes)).toString('base64');
		const account = this.#known.get(key) ?? this.#make(values);
		this.#known.delete(key);
		this.#known.set(key, account);
		const [oldest] = this.#known.keys();
		if (this.#known.size > this.#limit && oldest !== undefined) this.#known.delete(oldest);
		return account;
	}
}

