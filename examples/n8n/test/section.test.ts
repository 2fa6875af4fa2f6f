import assert from 'node:assert/strict';
import { test } from 'node:test';

import { manifestIn } from '../src/section.mts';

const bytes = (text: string) => [...Buffer.from(text)];
const section = (id: number, ...content: number[]) => [id, (content.length & 0x7f) | 0x80, content.length >> 7, ...content];
const custom = (name: string, text: string) => section(0, name.length, ...bytes(name), ...bytes(text));
const manifest = (text = '{}') => custom('workflow-node:manifest', text);
const module = (...sections: number[][]) => [...bytes('\0asm'), 1, 0, 0, 0, ...sections.flat()];
const component = (...sections: number[][]) => [...bytes('\0asm'), 13, 0, 1, 0, ...sections.flat()];
const read = (binary: number[]) => manifestIn(Uint8Array.from(binary));

test('the manifest is found in the component, in its modules and in components inside', () => {
	const text = `{"name":"${'ä'.repeat(500)}"}`;
	const other = custom('name', 'workflow-node:manifest');
	for (const binary of [
		component(other, manifest(text)),
		component(section(1, ...module(other, manifest(text))), section(7, 0)),
		component(section(4, ...component(section(1, ...module(manifest(text)))))),
	]) {
		assert.equal(read(binary), text);
	}
});

test('a section of a module with the number of a nested module is skipped', () => {
	assert.equal(read(component(section(1, ...module(section(1, 7, 7), section(4, 7), manifest())))), '{}');
});

test('there is exactly one manifest', () => {
	assert.throws(() => read(component()), /no section/);
	assert.throws(() => read(component(manifest(), section(1, ...module(manifest())))), /several/);
});

test('what is no component, or ends too early, is refused', () => {
	assert.throws(() => read(bytes('{"name": "x"}')), /not a WebAssembly/);
	assert.throws(() => read([]), /too early/);
	assert.throws(() => read(component(manifest()).slice(0, -1)), /too early/);
	assert.throws(() => read(component([0, 0xff, 0xff, 0xff, 0xff, 0xff, 0])), /too long/);
	assert.throws(() => read(component(section(0, 22, ...bytes('workflow-node:manifest'), 0xff))), TypeError);
});
