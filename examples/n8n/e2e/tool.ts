// The node as a tool of an AI agent: n8n's MCP server offers it, and a client
// that is no model lists and calls the tools over HTTP.

import assert from 'node:assert/strict';

import type { Sim } from '../test/support/sim.ts';
import type { N8n, Node } from './n8n.ts';
import { HALOPSA, byId, credentialOf } from './n8n.ts';

const fromModel = (name: string, type: string) => `={{ $fromAI('${name}', '', '${type}') }}`;

export async function tool(n8n: N8n, sim: Sim): Promise<void> {
	const types = await n8n.rest<Array<{ name: string; outputs: unknown }>>('GET', '/types/nodes.json');
	const offered = types.find(({ name }) => name === `${HALOPSA}Tool`);
	assert.deepEqual(offered?.outputs, ['ai_tool'], 'n8n offers the node as a tool');

	const credentials = await credentialOf(n8n, sim, 'tool');
	const ticket = (name: string, operation: string, parameters: object): Node => ({
		name,
		type: `${HALOPSA}Tool`,
		parameters: { resource: 'ticket', operation, ...parameters },
		credentials,
	});
	const id = byId(fromModel('Ticket', 'number'));
	const nodes = [
		ticket('read_ticket', 'get', { id }),
		ticket('make_ticket', 'create', { summary: fromModel('Summary', 'string') }),
		ticket('delete_ticket', 'delete', { id }),
		ticket('delete_ticket_as_allowed', 'delete', { id, options: { confirmed: true } }),
		ticket('delete_ticket_as_the_model_says', 'delete', { id, options: { confirmed: fromModel('Confirmed', 'boolean') } }),
		ticket('all_tickets', 'list', { return_all: true, filters: {} }),
	];
	const server: Node = {
		name: 'Server',
		type: '@n8n/n8n-nodes-langchain.mcpTrigger',
		typeVersion: 2,
		webhookId: 'halopsa-tools',
		parameters: { path: 'halopsa-tools', authentication: 'none' },
	};
	const links = nodes.map(({ name }) => [name, { ai_tool: [[{ node: 'Server', type: 'ai_tool', index: 0 }]] }]);
	const workflow = await n8n.save('tool', [server, ...nodes], { connections: Object.fromEntries(links) });
	await n8n.activate(workflow);
	const client = await connect(`${n8n.url}/mcp/halopsa-tools`);

	const { tools } = (await client('tools/list', {})) as { tools: Array<{ name: string; description: string; inputSchema: object }> };
	assert.deepEqual(tools.map(({ name }) => name).sort(), nodes.map(({ name }) => name).sort());
	const said = (name: string) => tools.find((each) => each.name === name)?.description ?? '';
	assert.match(said('make_ticket'), /Only the summary is needed/);
	assert.match(said('read_ticket'), /Reads one ticket/);
	const call = async (name: string, input: object) => {
		const { content } = (await client('tools/call', { name, arguments: input })) as { content: Array<{ text: string }> };
		return content.map(({ text }) => text).join('\n');
	};
	const made = await call('make_ticket', { Summary: 'Made by a tool' });
	const number = Number(/"id":\s*(\d+)/.exec(made)?.[1]);
	assert.match(await call('read_ticket', { Ticket: number }), /Made by a tool/);
	const refused = await call('delete_ticket', { Ticket: number });
	assert.match(refused, /node “delete_ticket” and switch on Options > Allow AI to Run This/);
	const claimed = await call('delete_ticket_as_the_model_says', { Ticket: number, Confirmed: true });
	assert.match(claimed, /cannot be an expression/);
	assert.match(await call('read_ticket', { Ticket: number }), /Made by a tool/, 'it is still there');
	await call('delete_ticket_as_allowed', { Ticket: number });
	assert.match(await call('read_ticket', { Ticket: number }), /no such record/);
	const all = await call('all_tickets', {});
	assert.ok(all.length < 60_000, String(all.length));
	assert.match(all, /"truncated":\s*true/);
	await n8n.deactivate(workflow);
	console.log(`tool: ${tools.length} tools over MCP; a ticket made and read; deleting it refused (${JSON.stringify(refused.slice(0, 160))}), then done where a person allowed it`);
}

/** A client of the Model Context Protocol, as far as it is needed here. */
export async function connect(url: string): Promise<(method: string, params: object) => Promise<unknown>> {
	let session: Record<string, string> = {};
	let last = 0;
	const send = async (method: string, params: object, answered = true): Promise<unknown> => {
		last += 1;
		const response = await fetch(url, {
			method: 'POST',
			headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...session },
			body: JSON.stringify({ jsonrpc: '2.0', method, params, ...(answered ? { id: last } : {}) }),
		});
		const id = response.headers.get('mcp-session-id');
		if (id !== null) session = { 'mcp-session-id': id };
		const text = await response.text();
		assert.ok(response.ok, `${method}: ${response.status} ${text}`);
		if (!answered) return undefined;
		// The answer comes bare, or as an event.
		const data = text.startsWith('{') ? text : (/^data: (.*)$/m.exec(text)?.[1] ?? '{}');
		const { result, error } = JSON.parse(data) as { result?: unknown; error?: unknown };
		assert.equal(error, undefined, method);
		return result;
	};
	const about = { protocolVersion: '2025-03-26', capabilities: {}, clientInfo: { name: 'e2e', version: '1' } };
	await send('initialize', about);
	await send('notifications/initialized', {}, false);
	return send;
}
