import assert from 'node:assert/strict';
import { test } from 'node:test';

import { preparedGate, typedGate } from '../src/runtime/egress.ts';

const SPEC = ['{url}', 'https://*.example.com'];
const at = (text: string) => new URL(text);

test('prepare may reach what stands in the fields', () => {
	const open = (value: string, url: string) => typedGate(SPEC, { url: value })(at(url));
	assert.ok(open('https://desk.example.org/portal', 'https://desk.example.org/api'));
	assert.ok(open('desk.example.org', 'https://desk.example.org/'));
	assert.ok(open('http://127.0.0.1:8080', 'http://127.0.0.1:8080/'));
	assert.ok(open('localhost:8080', 'http://localhost:8080/'));
	assert.ok(!open('desk.example.org', 'http://desk.example.org/'), 'plain http is nothing that anybody typed');
	assert.ok(!open('https://desk.example.org', 'https://desk.example.org:8443/'));
	assert.ok(!open('https://desk.example.org', 'https://example.org/'));
});

test('a bare name opens the hosts of the spec that begin with it', () => {
	const open = (url: string) => typedGate(SPEC, { url: 'acme' })(at(url));
	assert.ok(open('https://acme.example.com/'));
	assert.ok(!open('https://other.example.com/'));
	assert.ok(!open('https://acme.example.org/'));
});

test('calls may reach what prepare named and the spec covers', () => {
	const gate = (...origins: string[]) => preparedGate(SPEC, { url: 'https://desk.example.org/x' }, origins);
	assert.ok(gate('https://desk.example.org')(at('https://desk.example.org/api')));
	assert.ok(gate('https://a.example.com')(at('https://a.example.com/')));
	assert.ok(!gate('https://example.com')(at('https://example.com/')), 'a wildcard has a name before it');
	assert.ok(!gate('https://elsewhere.net')(at('https://elsewhere.net/')), 'more than the spec names');
	assert.ok(!gate()(at('https://desk.example.org/')), 'nothing is open by itself');
	assert.ok(!gate('https://a.example.com')(at('https://a.example.com.evil.net/')));
});

test('what a component wrote back opens nothing', () => {
	const spec = ['{url}', '{auth_url}', 'https://{tenant}.vendor.example', 'http://*.plain.example'];
	const open = (values: Record<string, string>, origin: string) => preparedGate(spec, values, [origin])(at(origin));
	const typed = { url: 'https://desk.plain.example' };
	assert.ok(open(typed, 'https://desk.plain.example'));
	for (const origin of ['https://evil.net', 'http://desk.plain.example', 'https://desk.plain.example:8443', 'https://evil.vendor.example']) {
		assert.ok(!open(typed, origin), origin);
	}
	assert.ok(open({ tenant: 'Acme' }, 'https://acme.vendor.example'));
	for (const tenant of ['evil.net/', 'evil.net#', 'evil.net?', 'evil.net:8080/', 'me@evil.net/', '*', 'evil.net\\', 'a.b', '', 'b\u00fccher']) {
		assert.ok(!open({ tenant }, 'https://evil.net'), tenant);
		assert.ok(!open({ tenant }, 'https://evil.vendor.example'), tenant);
	}
});
