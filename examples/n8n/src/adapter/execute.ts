// Runs an operation on the items of a workflow: one call of the component for
// many items, cursors followed to the end, and each result linked to its item.

import { NodeOperationError } from 'n8n-workflow';
import type { IBinaryKeyData, IExecuteFunctions, INodeExecutionData, JsonObject } from 'n8n-workflow';

import { properties } from '../manifest.ts';
import type { Account } from '../runtime/account.ts';
import type { Attachment, Diagnostic, Item, NodeError, Outcome } from '../runtime/contract.ts';
import { failureOf } from '../runtime/failure.ts';
import { errorFor, errorJson } from './errors.ts';
import { isObject } from './fields.ts';
import { actionsOf, jsonOf } from './form.ts';
import type { Action } from './form.ts';
import { orderOf } from './order.ts';
import type { Order } from './order.ts';
import type { Package } from './package.ts';
import { oneAfterTheOther } from './queue.ts';

/** Items that go into one call; the component itself does fewer at a time. */
const ITEMS = 200;

export async function execute(self: IExecuteFunctions, node: Package): Promise<INodeExecutionData[][]> {
	const inputs = self.getInputData();
	const action = chosen(self, node);
	const account = await node.account(self);
	const run = new Run(self, node, action, account);
	for (let start = 0; start < inputs.length; start += ITEMS) {
		await run.batch(start, Math.min(start + ITEMS, inputs.length));
	}
	return [run.results];
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

class Run {
	readonly results: INodeExecutionData[] = [];
	readonly #self: IExecuteFunctions;
	readonly #node: Package;
	readonly #action: Action;
	readonly #account: Account;
	readonly #order: Order;
	readonly #told = new Set<string>();

	constructor(self: IExecuteFunctions, node: Package, action: Action, account: Account) {
		this.#self = self;
		this.#node = node;
		this.#action = action;
		this.#account = account;
		this.#order = orderOf(node.manifest, action.operation.output);
	}

	async batch(start: number, end: number): Promise<void> {
		const items: Item[] = [];
		for (let index = start; index < end; index += 1) items.push(await this.#item(index));
		const folded: Outcome[] = items.map(() => ({ tag: 'not-attempted' }));
		let cursor: string | undefined;
		let part = 0;
		do {
			const execution = await this.#call(items, cursor, start, part);
			part += 1;
			execution.outcomes.forEach((outcome, index) => fold(folded, index, outcome));
			this.#report(execution.diagnostics);
			const failed = folded.some((outcome) => outcome.tag === 'failed');
			if (failed && !this.#self.continueOnFail()) break;
			cursor = execution.next;
			if (cursor !== undefined && execution.resumeAfterMs !== undefined) {
				await this.#node.machine.sleep(execution.resumeAfterMs, this.#cancelled());
			}
		} while (cursor !== undefined && !this.#cancelled().aborted);
		for (const [index, outcome] of folded.entries()) await this.#give(start + index, outcome, folded);
	}

	async #item(index: number): Promise<Item> {
		const read = (name: string, fallback: unknown) => this.#self.getNodeParameter(name, index, fallback);
		const json = jsonOf(this.#node.manifest, this.#action.layout, read);
		return { json: JSON.stringify(json), attachments: await this.#files(index) };
	}

	async #files(index: number): Promise<Attachment[]> {
		if (this.#action.operation.files?.takes !== true) return [];
		const names = String(this.#self.getNodeParameter('inputFiles', index, '')).split(',');
		const wanted = names.map((name) => name.trim()).filter((name) => name !== '');
		return Promise.all(
			wanted.map(async (name) => {
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

	async #call(items: Item[], cursor: string | undefined, first: number, part: number) {
		const { operation } = this.#action;
		const options = this.#self.getNodeParameter('options', first, {});
		const chosen = isObject(options) ? options : {};
		const how = {
			...(typeof chosen.timeout === 'number' ? { deadlineMs: chosen.timeout * 1000 } : {}),
			dryRun: chosen.dryRun === true,
			// A person built the workflow; a model chose the call.
			confirmed: !isTool(this.#self) || chosen.confirmed === true,
			timeZone: this.#self.getTimezone(),
			...this.#key(first, part),
		};
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
			return { outcomes, diagnostics: [], next: undefined, resumeAfterMs: undefined };
		}
	}

	/** n8n runs a node again in the same execution where it is told to retry; an agent may call a tool several times. */
	#key(first: number, part: number): { idempotencyKey?: string } {
		if (isTool(this.#self)) return {};
		const { $runIndex: run } = this.#self.getWorkflowDataProxy(0);
		const where = [this.#self.getWorkflow().id, this.#self.getExecutionId(), this.#self.getNode().id];
		return { idempotencyKey: [...where, run, first, part].join('/') };
	}

	async #give(index: number, outcome: Outcome, all: Outcome[]): Promise<void> {
		if (outcome.tag === 'done') {
			for (const item of outcome.val) this.results.push(await this.#result(index, item));
			return;
		}
		if (outcome.tag === 'failed') {
			const error = this.#error(outcome.val, index, all);
			if (!this.#self.continueOnFail()) throw error;
			// n8n sorts items with an error into the error output. Elsewhere it would
			// put the bare message into the place of the JSON.
			const sorted = this.#self.getNode().onError === 'continueErrorOutput' ? { error } : {};
			this.results.push({ json: errorJson(outcome.val), ...sorted, pairedItem: { item: index } });
			return;
		}
		// Another item failed and ends the run, or the run was cancelled.
		if (this.#self.continueOnFail() || this.#cancelled().aborted) {
			this.results.push({ json: { error: 'This item was not reached.' }, pairedItem: { item: index } });
		}
	}

	async #result(index: number, item: Item): Promise<INodeExecutionData> {
		const json = this.#order(JSON.parse(item.json) as JsonObject);
		const result: INodeExecutionData = { json, pairedItem: { item: index } };
		if (item.attachments.length === 0) return result;
		const name = String(this.#self.getNodeParameter('outputFile', index, 'data'));
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

	#error(error: NodeError, item?: number, all: Outcome[] = []) {
		const { operation } = this.#action;
		const done = all.filter((outcome) => outcome.tag === 'done').length;
		const rest = all.length > 1 ? `Of ${all.length} items, ${done} went well.` : undefined;
		return errorFor(this.#self.getNode(), error, {
			...(item === undefined ? {} : { item }),
			...(rest === undefined ? {} : { rest }),
			properties: properties(this.#node.manifest, operation.input),
			readOnly: operation.annotations.read_only,
		});
	}

	#report(diagnostics: Diagnostic[]): void {
		for (const { level, message } of diagnostics) {
			if (this.#told.has(message)) continue;
			this.#told.add(message);
			this.#self.addExecutionHints({ message, type: level, location: 'outputPane' });
		}
	}

	#cancelled(): AbortSignal {
		return this.#self.getExecutionCancelSignal() ?? NEVER;
	}
}

const NEVER = new AbortController().signal;

/** n8n names the variant of a node that agents use after it. */
function isTool(self: IExecuteFunctions): boolean {
	return self.getNode().type.endsWith('Tool');
}

/** Outcomes of several calls, as the contract joins them. */
function fold(folded: Outcome[], index: number, next: Outcome): void {
	const known = folded[index];
	if (next.tag === 'not-attempted' || known?.tag === 'failed') return;
	if (next.tag === 'done' && known?.tag === 'done') known.val.push(...next.val);
	else folded[index] = next;
}
