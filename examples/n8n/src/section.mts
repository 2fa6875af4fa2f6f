// The manifest in the bytes of a component: the custom section `workflow-node:manifest`, read without running anything.

const SECTION = 'workflow-node:manifest';

/** The layer of a binary, from its preamble. */
const MODULE = 0;
const COMPONENT = 1;

/** Ids of sections. */
const CUSTOM = 0;
const CORE_MODULE = 1;
const NESTED_COMPONENT = 4;

/**
 * The text of the manifest. It may be in a module or a component inside, since tools that compose wrap what they are given,
 * and there is exactly one.
 */
export function manifestIn(component: Uint8Array): string {
	const [first, ...more] = manifests(component);
	if (first === undefined) throw new Error(`The component has no section "${SECTION}".`);
	if (more.length > 0) throw new Error(`The component has several sections "${SECTION}".`);
	return new TextDecoder('utf-8', { fatal: true }).decode(first);
}

function manifests(binary: Uint8Array): Uint8Array[] {
	const reader = new Reader(binary);
	const layer = reader.preamble();
	const found: Uint8Array[] = [];
	while (!reader.done) {
		const id = reader.byte();
		const content = reader.bytes(reader.length());
		if (id === CUSTOM) {
			const section = new Reader(content);
			const name = new TextDecoder().decode(section.bytes(section.length()));
			if (name === SECTION) found.push(section.rest());
		} else if (layer === COMPONENT && (id === CORE_MODULE || id === NESTED_COMPONENT)) {
			found.push(...manifests(content));
		}
	}
	return found;
}

class Reader {
	readonly #bytes: Uint8Array;
	#position = 0;

	constructor(bytes: Uint8Array) {
		this.#bytes = bytes;
	}

	get done(): boolean {
		return this.#position === this.#bytes.length;
	}

	byte(): number {
		return this.bytes(1)[0] ?? 0;
	}

	bytes(count: number): Uint8Array {
		const end = this.#position + count;
		if (end > this.#bytes.length) throw new Error('The component ends too early.');
		const bytes = this.#bytes.subarray(this.#position, end);
		this.#position = end;
		return bytes;
	}

	rest(): Uint8Array {
		return this.bytes(this.#bytes.length - this.#position);
	}

	/** An unsigned number of up to 32 bits, LEB128. */
	length(): number {
		let value = 0;
		for (let factor = 1; factor <= 2 ** 28; factor *= 2 ** 7) {
			const byte = this.byte();
			value += (byte & 0x7f) * factor;
			if (byte < 0x80) return value;
		}
		throw new Error('The component has a section that is too long.');
	}

	/** Which layer the binary is of. */
	preamble(): number {
		const magic = new TextDecoder().decode(this.bytes(4));
		const [, , layer] = this.bytes(4);
		if (magic !== '\0asm' || (layer !== MODULE && layer !== COMPONENT)) throw new Error('This is not a WebAssembly component.');
		return layer;
	}
}
