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
