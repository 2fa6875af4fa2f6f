// What a component says about itself: docs/manifest.md, as far as it is read here.

/** JSON Schema 2020-12, with the keywords of the manifest. */
export interface Schema {
	type?: string | string[];
	title?: string;
	description?: string;
	format?: string;
	pattern?: string;
	contentMediaType?: string;
	default?: unknown;
	const?: unknown;
	enum?: unknown[];
	oneOf?: Schema[];
	anyOf?: Schema[];
	allOf?: Schema[];
	examples?: unknown[];
	minimum?: number;
	maximum?: number;
	properties?: Record<string, Schema>;
	required?: string[];
	items?: Schema;
	$ref?: string;
	'x-options'?: Reference;
	/** Where a form has it, if not among the other fields. */
	'x-place'?: 'options' | 'sort' | 'none';
	/** Of an output: the names of the members that are used most. */
	'x-main'?: string[];
}

/** Where the values of a property come from. */
export interface Reference {
	list: string;
	/** For each parameter of the list: JSON pointer into the item. */
	parameters?: Record<string, string>;
}

export interface CredentialField {
	name: string;
	label: string;
	help?: string;
	placeholder?: string;
	/** One that is not known here is asked for as one line of text. */
	kind: string;
	/** Whether it is hidden; a `secret` always is. */
	secret?: boolean;
	required?: boolean;
	advanced?: boolean;
	default_value?: string;
	choices?: Array<{ value: string; label: string; help?: string }>;
	shown_when?: Array<{ field: string; values: string[] }>;
}

export interface Resource {
	name: string;
	title: string;
	plural: string;
	group?: string;
	description: string;
}

export interface Operation {
	id: string;
	resource?: string;
	title: string;
	description: string;
	annotations: {
		read_only: boolean;
		destructive: boolean;
		customer_visible?: boolean;
		idempotent: boolean;
		paginated: boolean;
		dry_run?: boolean;
	};
	scopes?: string[];
	files?: { takes: boolean; gives: boolean; needed?: boolean };
	serialize_by?: string[];
	input: Schema;
	output?: Schema;
	/** Optional properties that people fill in mostly, in the order of a form. */
	essential?: string[];
	/** What a form begins with, and a person can take away. */
	presets?: Record<string, unknown>;
	examples?: Array<{ title: string; input: Record<string, unknown> }>;
}

/** A part of the operations, for a node of its own. */
export interface Area {
	name: string;
	title: string;
	description: string;
	/** Groups of resources. */
	groups: string[];
}

export interface List {
	name: string;
	title: string;
	description?: string;
	kind: 'values' | 'fields';
	parameters: Schema;
	searchable: boolean;
	tree: boolean;
}

export interface Trigger {
	name: string;
	resource?: string;
	title: string;
	description: string;
	config: Schema;
	output?: Schema;
	modes: Array<'poll' | 'webhook'>;
	poll_interval_ms?: number;
	sample?: Record<string, unknown>;
}

export interface Manifest {
	name: string;
	title: string;
	description: string;
	version: string;
	documentation_url?: string;
	keywords?: string[];
	credentials: {
		fields: CredentialField[];
		egress: string[];
		documentation_url?: string;
	};
	resources?: Resource[];
	areas?: Area[];
	operations: Operation[];
	lists: List[];
	triggers: Trigger[];
	$defs?: Record<string, Schema>;
}

/** A member of an object that a person or a model fills in. */
export interface Property {
	name: string;
	schema: Schema;
	required: boolean;
	/** Whether the object has it through a `$ref`, beside members of its own. */
	inherited: boolean;
}

/** Looks a `$ref` up; what stands beside it wins. */
export function resolve(manifest: Manifest, schema: Schema): Schema {
	const { $ref, ...own } = schema;
	if ($ref === undefined) return schema;
	const target = manifest.$defs?.[$ref.replace('#/$defs/', '')];
	return target === undefined ? own : { ...resolve(manifest, target), ...own };
}

/** The members of an object schema, those of its `$ref` and `allOf` first. */
export function properties(manifest: Manifest, schema: Schema): Property[] {
	const found = new Map<string, Property>();
	const collect = (part: Schema, inherited: boolean) => {
		if (part.$ref !== undefined) {
			const target = manifest.$defs?.[part.$ref.replace('#/$defs/', '')];
			if (target !== undefined) collect(target, true);
		}
		for (const each of part.allOf ?? []) collect(each, true);
		for (const [name, each] of Object.entries(part.properties ?? {})) {
			const known = found.get(name);
			const merged = { ...known?.schema, ...resolve(manifest, each) };
			found.set(name, { name, schema: merged, required: known?.required ?? false, inherited });
		}
		for (const name of part.required ?? []) {
			const known = found.get(name);
			if (known !== undefined) known.required = true;
		}
	};
	collect(schema, false);
	return [...found.values()];
}
