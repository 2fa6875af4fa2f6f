// Runs an operation on the items of a workflow: one call of the component for
// many items, cursors followed to the end, and each result linked to its item.

import { NodeOperationError } from 'n8n-workflow';
import type { IBinaryKeyData, IExecuteFunctions, INodeExecutionData, JsonObject } from 'n8n-workflow';

import { properties } from '../manifest.ts';
import type { Property } from '../manifest.ts';
import type { Account } from '../runtime/account.ts';
import type { Attachment, Diagnostic, Item, NodeError, Outcome } from '../runtime/contract.ts';
import { failureOf } from '../runtime/failure.ts';
import { Attempts, stepOf } from './attempts.ts';
import { bounded } from './bounded.ts';
import { credentialProperties } from './credential.ts';
import { effectOf, errorFor, errorJson, itemError } from './errors.ts';
import { fileToGive, filesToSend } from './files.ts';
import { actionsOf, jsonOf } from './form.ts';
import type { Action } from './form.ts';
import { ALLOW, checkSwitches, isTool, optionsOf } from './options.ts';
import type { Options } from './options.ts';
import { orderOf } from './order.ts';
import type { Order } from './order.ts';
import { SIMPLIFY, isDryRun, outputOf } from './output.ts';
import type { Output } from './output.ts';
import type { Package } from './package.ts';
import { oneAfterTheOther } from './queue.ts';
import { Tally, items as itemsText } from './tally.ts';
import { textOf } from './values.ts';

/** Items that go into one call; the component itself does fewer at a time. */
const ITEMS = 200;

export async function execute(self: IExecuteFunctions, node: Package): Promise<INodeExecutionData[][]> {
	checkSwitches(self);
	const action = chosen(self, node);
	const run = new Run(self, node, action, outputOf(self, node.manifest, action), await node.account(self));
	await run.all();
	return [isTool(self) ? bounded(run.results) : run.results];
}

function chosen(self: IExecuteFunctions, node: Package): Action {
	const resource = self.getNodeParameter('resource', 0);
	const verb = self.getNodeParameter('operation', 0);
	const action = actionsOf(node.manifest).find((each) => each.resource === resource && each.verb === verb);
	if (action !== undefined) return action;
	throw new NodeOperationError(self.getNode(), 'This version of the node does not know the operation.', {
		description: 'Choose the operation again.',
	});
}

/** What an input item asks for, why that cannot be read, or what an earlier attempt did for it. */
type Asked = Wanted | { failed: NodeError } | { kept: INodeExecutionData[] };
interface Wanted {
	json: string;
	files: string[];
	options: Options;
}

class Run {
	readonly results: INodeExecutionData[] = [];
	readonly #self: IExecuteFunctions;
	readonly #node: Package;
	readonly #action: Action;
	readonly #account: Account;
	readonly #output: Output;
	readonly #order: Order;
	readonly #attempts: Attempts | undefined;
	readonly #properties: Property[];
	readonly #tally: Tally;
	readonly #told = new Set<string>();
	/** What must not be done a second time. */
	readonly #done = new Map<number, { json: string; results: INodeExecutionData[] }>();

	constructor(self: IExecuteFunctions, node: Package, action: Action, output: Output, account: Account) {
		this.#self = self;
		this.#node = node;
		this.#action = action;
		this.#account = account;
		this.#output = output;
		this.#order = orderOf(node.manifest, action.operation.output, output.extent);
		// An agent may call a tool several times in one execution, which repeats nothing.
		this.#attempts = self.getNode().retryOnFail === true && !isTool(self) ? new Attempts(stepOf(self)) : undefined;
		this.#properties = [...properties(node.manifest, action.operation.input), ...credentialProperties(node.manifest)];
		this.#tally = new Tally(self.getInputData().length, action.operation.annotations.read_only);
	}

	async all(): Promise<void> {
		const asked = this.#self.getInputData().map((_, index) => this.#read(index));
		if (!this.#self.continueOnFail()) await this.#check(asked);
		let start = 0;
		while (start < asked.length) {
			const end = this.#endOfBatch(asked, start);
			await this.#batch(asked, start, end);
			start = end;
		}
		const earlier = this.#attempts?.earlier();
		if (earlier !== undefined) this.#self.addExecutionHints({ message: earlier, type: 'warning', location: 'outputPane' });
		this.#attempts?.record(this.#tally.report(), this.#done);
	}

	#read(index: number): Asked {
		const read = (name: string, fallback: unknown) => this.#self.getNodeParameter(name, index, fallback);
		try {
			const json = jsonOf(this.#node.manifest, this.#action.layout, read, this.#self.getTimezone());
			if (this.#output.raw) json[SIMPLIFY] = false;
			const files = filesToSend(this.#self, this.#action.operation, index);
			// A file that is not there is found before anything is sent.
			for (const name of files) this.#self.helpers.assertBinaryData(index, name);
			const text = textOf(json);
			const kept = this.#attempts?.results(index, text);
			return kept === undefined ? { json: text, files, options: optionsOf(this.#self, index) } : { kept };
		} catch (error) {
			return { failed: itemError(error, 'unreadable-item') };
		}
	}

	/** Items of one call have the same options and follow each other. */
	#endOfBatch(asked: readonly Asked[], start: number): number {
		const keyOf = (each: Asked | undefined) =>
			each !== undefined && 'options' in each ? JSON.stringify(each.options) : undefined;
		let key: string | undefined;
		let end = start;
		while (end < asked.length && end - start < ITEMS) {
			const own = keyOf(asked[end]);
			if (own !== undefined && key !== undefined && own !== key) break;
			key ??= own;
			end += 1;
		}
		return end;
	}

	/**
	 * Before the first request of a run that ends at the first failure: all items are tried dry, so that a bad one does not
	 * leave half of the others done.
	 */
	async #check(asked: readonly Asked[]): Promise<void> {
		const { annotations } = this.#action.operation;
		const bad = new Map<number, NodeError>();
		asked.forEach((each, index) => {
			if ('failed' in each) bad.set(index, each.failed);
		});
		const writes = !annotations.read_only && annotations.dry_run && asked.length > 1;
		for (let start = 0; writes && start < asked.length; start += ITEMS) {
			const part = asked.slice(start, start + ITEMS);
			const indices = part.flatMap((each, index) => ('json' in each ? [start + index] : []));
			const items = part.flatMap((each, index) => ('json' in each ? [this.#withoutBytes(start + index, each)] : []));
			if (items.length === 0) continue;
			const { outcomes } = await this.#account
				.call({ dryRun: true, confirmed: true, timeZone: this.#self.getTimezone() }, (exports, context, connection) =>
					exports.node.execute(context, connection, this.#action.operation.id, items, undefined),
				)
				.catch((error: unknown) => {
					throw this.#error(failureOf(error).error);
				});
			outcomes.forEach((outcome, position) => {
				const index = indices[position];
				// What a dry run cannot know is no fault of the item.
				const isItsFault = outcome.tag === 'failed' && outcome.val.kind === 'invalid-input';
				if (index !== undefined && isItsFault) bad.set(index, outcome.val);
			});
		}
		const [first] = [...bad].sort(([a], [b]) => a - b);
		if (first === undefined) return;
		const [item, error] = first;
		const all = [...bad.keys()].sort((a, b) => a - b);
		const tally = `Nothing was sent for any item: ${bad.size} of ${asked.length} cannot be done (${itemsText(all)}).`;
		const earlier = this.#attempts?.earlier();
		this.#attempts?.record('Nothing was sent.', this.#done);
		throw errorFor(this.#self.getNode(), error, {
			item,
			...(earlier === undefined ? {} : { earlier }),
			properties: this.#properties,
			readOnly: annotations.read_only,
			...(asked.length > 1 ? { tally } : {}),
		});
	}

	/** As the item will be, with stand-ins for its files. */
	#withoutBytes(index: number, asked: Wanted): Item {
		const attachments = asked.files.map((name): Attachment => {
			const about = this.#self.helpers.assertBinaryData(index, name);
			return { name: about.fileName ?? name, mimeType: about.mimeType, content: { tag: 'bytes', val: new Uint8Array([0]) } };
		});
		return { json: asked.json, attachments, sources: new Uint32Array() };
	}

	async #batch(asked: readonly Asked[], start: number, end: number): Promise<void> {
		const settled = new Map<number, Outcome>();
		const items: Item[] = [];
		const indices: number[] = [];
		const given = new Map<number, INodeExecutionData[]>();
		let options: Options | undefined;
		for (let index = start; index < end; index += 1) {
			const each = asked[index];
			if (each === undefined) continue;
			if ('failed' in each) {
				settled.set(index, { tag: 'failed', val: each.failed });
				continue;
			}
			if ('kept' in each) {
				this.#tally.done(index, each.kept.map(({ json }) => json as JsonObject), false);
				given.set(index, each.kept);
				continue;
			}
			try {
				items.push({ json: each.json, attachments: await this.#files(index, each.files), sources: new Uint32Array() });
				indices.push(index);
				options = each.options;
			} catch (error) {
				settled.set(index, { tag: 'failed', val: itemError(error, 'unreadable-file') });
			}
		}
		if (options !== undefined && !this.#mustStop(settled)) {
			const outcomes = await this.#outcomes(items, options, indices[0] ?? start);
			outcomes.forEach((outcome, position) => settled.set(indices[position] ?? start + position, outcome));
		}
		const isDryRun = options?.dryRun === true;
		for (const [index, outcome] of settled) {
			if (outcome.tag === 'failed') this.#tally.failed(index, outcome.val.effect);
			if (outcome.tag !== 'done') continue;
			this.#tally.done(index, outcome.val.map(({ json }) => JSON.parse(json) as JsonObject), isDryRun);
			try {
				const results = await Promise.all(outcome.val.map((item) => this.#result(index, item, indices)));
				given.set(index, results);
				if (!isDryRun) this.#remember(index, asked[index], results);
			} catch (error) {
				const failed = itemError(error, 'unreadable-result');
				if (!this.#action.operation.annotations.read_only) failed.effect = 'applied';
				settled.set(index, { tag: 'failed', val: failed });
				this.#tally.failed(index, failed.effect);
			}
		}
		for (let index = start; index < end; index += 1) this.#give(index, settled.get(index), given.get(index));
	}

	/** What can be repeated without harm is left to the component, which finds what it did. */
	#remember(index: number, asked: Asked | undefined, results: INodeExecutionData[]): void {
		const { read_only: reads, idempotent } = this.#action.operation.annotations;
		if (this.#attempts === undefined || reads || idempotent || asked === undefined || !('json' in asked)) return;
		this.#done.set(index, { json: asked.json, results });
	}

	#mustStop(settled: ReadonlyMap<number, Outcome>): boolean {
		return !this.#self.continueOnFail() && [...settled.values()].some(({ tag }) => tag === 'failed');
	}

	#files(index: number, names: readonly string[]): Promise<Attachment[]> {
		return Promise.all(
			names.map(async (name) => {
				const about = this.#self.helpers.assertBinaryData(index, name);
				const bytes = await this.#self.helpers.getBinaryDataBuffer(index, name);
				return {
					name: about.fileName ?? name,
					mimeType: about.mimeType,
					content: { tag: 'bytes' as const, val: new Uint8Array(bytes) },
				};
			}),
		);
	}

	/** All parts of a call, joined. */
	async #outcomes(items: Item[], options: Options, first: number): Promise<Outcome[]> {
		const folded: Outcome[] = items.map(() => ({ tag: 'not-attempted' }));
		let cursor: string | undefined;
		let part = 0;
		do {
			const execution = await this.#call(items, options, cursor, first, part);
			part += 1;
			execution.outcomes.forEach((outcome, index) => fold(folded, index, outcome));
			this.#report(execution.report.diagnostics);
			const failed = folded.some((outcome) => outcome.tag === 'failed');
			if (failed && !this.#self.continueOnFail()) break;
			cursor = execution.next;
			if (cursor !== undefined && execution.resumeAfterMs !== undefined) {
				await this.#node.machine.sleep(execution.resumeAfterMs, this.#cancelled());
			}
		} while (cursor !== undefined && !this.#cancelled().aborted);
		return folded;
	}

	async #call(items: Item[], options: Options, cursor: string | undefined, first: number, part: number) {
		const { operation } = this.#action;
		const how = { ...options, timeZone: this.#self.getTimezone(), ...this.#key(first, part) };
		try {
			return await oneAfterTheOther(operation, items, () =>
				this.#account.call(how, (exports, context, connection) =>
					exports.node.execute(context, connection, operation.id, items, cursor),
				),
			);
		} catch (error) {
			const failure = failureOf(error).error;
			if (!this.#self.continueOnFail()) throw this.#error(failure);
			const outcomes = items.map((): Outcome => ({ tag: 'failed', val: failure }));
			return { outcomes, report: { diagnostics: [] }, next: undefined, resumeAfterMs: undefined };
		}
	}

	/** The same for each attempt of a step, so that the component can find what an earlier one did. */
	#key(first: number, part: number): { idempotencyKey?: string } {
		return isTool(this.#self) ? {} : { idempotencyKey: [stepOf(this.#self), first, part].join('/') };
	}

	#give(index: number, outcome: Outcome | undefined, results: INodeExecutionData[] | undefined): void {
		if (results !== undefined) {
			this.results.push(...results);
			return;
		}
		if (outcome?.tag === 'failed') {
			if (!this.#self.continueOnFail()) throw this.#error(outcome.val, index);
			this.results.push({ json: errorJson(this.#advised(outcome.val), this.#properties), pairedItem: { item: index } });
			return;
		}
		// Another item failed and ends the run, or the run was cancelled.
		if (this.#self.continueOnFail() || this.#cancelled().aborted) {
			this.results.push({ json: { error: 'This item was not tried.' }, pairedItem: { item: index } });
		}
	}

	/** A result of one item; `indices` are those of all items of the call. */
	async #result(index: number, item: Item, indices: readonly number[]): Promise<INodeExecutionData> {
		const given = JSON.parse(item.json) as JsonObject;
		const json = isDryRun(given) || this.#output.raw ? given : this.#order(given);
		const sources = [...item.sources].flatMap((source) => indices[source] ?? []).map((item) => ({ item }));
		const result: INodeExecutionData = { json, pairedItem: sources.length > 0 ? sources : { item: index } };
		if (item.attachments.length === 0) return result;
		const name = fileToGive(this.#self, index);
		const binary: IBinaryKeyData = {};
		for (const [position, file] of item.attachments.entries()) {
			const bytes = await this.#bytes(file);
			binary[position === 0 ? name : `${name}_${position}`] = await this.#self.helpers.prepareBinaryData(
				bytes,
				file.name,
				file.mimeType,
			);
		}
		return { ...result, binary };
	}

	/** A link leads to another host: n8n fetches it by its own rules, without the credentials. */
	async #bytes(file: Attachment): Promise<Buffer> {
		if (file.content.tag === 'bytes') return Buffer.from(file.content.val);
		const body: unknown = await this.#self.helpers.httpRequest({
			url: file.content.val.url,
			encoding: 'arraybuffer',
			disableFollowRedirect: true,
		});
		return Buffer.from(body as ArrayBuffer);
	}

	#error(error: NodeError, item?: number) {
		const tally = this.#tally.text();
		const earlier = this.#attempts?.earlier();
		const { read_only: readOnly } = this.#action.operation.annotations;
		// An error of a whole call is not in the tally.
		this.#attempts?.record(item === undefined ? `${this.#tally.report()} ${effectOf(error, readOnly)}` : this.#tally.report(), this.#done);
		return errorFor(this.#self.getNode(), this.#advised(error), {
			...(item === undefined ? {} : { item }),
			...(tally === undefined ? {} : { tally }),
			...(earlier === undefined ? {} : { earlier }),
			properties: this.#properties,
			readOnly,
		});
	}

	/** Where a model may not do something, the person who may decide it is told where. */
	#advised(error: NodeError): NodeError {
		if (error.kind !== 'denied' || !error.code.endsWith('.not-confirmed')) return error;
		const { name } = this.#self.getNode();
		return { ...error, advice: `If an AI agent may do this, open the node “${name}” and switch on Options > ${ALLOW}.` };
	}

	#report(diagnostics: Diagnostic[]): void {
		for (const { level, message } of diagnostics) {
			// That is for the author of the component.
			if (level === 'debug' || this.#told.has(message)) continue;
			this.#told.add(message);
			this.#self.addExecutionHints({ message, type: level, location: 'outputPane' });
		}
	}

	#cancelled(): AbortSignal {
		return this.#self.getExecutionCancelSignal() ?? NEVER;
	}
}

const NEVER = new AbortController().signal;

/** Outcomes of several calls, joined as the node interface wants it (`execution`). */
function fold(folded: Outcome[], index: number, next: Outcome): void {
	const known = folded[index];
	if (next.tag === 'not-attempted' || known?.tag === 'failed') return;
	if (next.tag === 'done' && known?.tag === 'done') known.val.push(...next.val);
	else folded[index] = next;
}
