// Texts of the manifest and of errors in the words of the form: labels where
// the component says the names of its API.

import type { Property } from '../manifest.ts';

/** Words that stay small inside a title. */
const SMALL = /^(a|an|and|as|at|but|by|for|from|in|of|on|or|the|to|with)$/;

/** `open_only` as "Open Only", "Client id" as "Client ID", "User by email" as "User by Email". */
export function label(name: string): string {
	const words = name.split(/[_\s]+/).filter((word) => word !== '');
	const capital = (word: string) => word.replace(/(^|[-(])\p{L}/gu, (first) => first.toUpperCase());
	return words
		.map((word, index) => (index > 0 && index < words.length - 1 && SMALL.test(word) ? word : capital(word)))
		.join(' ')
		.replace(/\b(Id|Url)(s?)\b/g, (_, short: string, s: string) => short.toUpperCase() + s);
}

/** The label of a property, by its name. */
export function labelOf(properties: readonly Property[], name: string): string {
	return label(properties.find((each) => each.name === name)?.schema.title ?? name);
}

/** The first sentence, and the rest. */
export function sentences(text: string): [first: string, rest: string] {
	const end = /[.!?](?=\s+["“\p{Lu}])/u.exec(text);
	if (end === null) return [text.replace(/\.$/, ''), ''];
	return [text.slice(0, end.index), text.slice(end.index + 1).trim()];
}

/** A text for help: names in backticks become labels, and other code plain text. */
export function help(text: string, properties: readonly Property[]): string {
	return text.replace(/`([^`]*)`/g, (_, code: string) =>
		properties.some(({ name }) => name === code) ? `“${labelOf(properties, code)}”` : code,
	);
}

/**
 * A text of an error: names that nobody would write by chance – they have an underscore, or stand in backticks – become
 * labels, and so does the field that the error is about where the text speaks of it as a field.
 */
export function message(text: string, properties: readonly Property[], field?: string): string {
	let said = help(text, properties).replace(/\b(It needs|Fill in) ([^.]*)\./g, (_, begin: string, ways: string) => `${begin} ${waysIn(ways, properties)}.`);
	const replace = (word: string, by: string) => {
		said = said.replace(new RegExp(`["“]?(?<![\\w./“])${word}(?![\\w”])["”]?`, 'g'), `“${by}”`);
	};
	for (const { name, schema } of properties) {
		if (name.includes('_')) replace(name, labelOf(properties, name));
		for (const value of schema.enum ?? []) {
			if (typeof value === 'string' && value.includes('_')) replace(value, label(value));
		}
	}
	if (field !== undefined && !field.includes('_')) {
		const name = `“${labelOf(properties, field)}”`;
		said = said.replace(`"${field}"`, name).replace(new RegExp(`\\b(needs|fill in|or|and|give|choose) ${field}\\b`, 'gi'), `$1 ${name}`);
	}
	return said;
}

/** "a, or b and c": the ways that the form has, in its words. */
function waysIn(text: string, properties: readonly Property[]): string {
	const isHere = (name: string) => properties.some((each) => each.name === name);
	const ways = text.split(', or ').map((way) => way.split(' and '));
	const here = ways.filter((names) => names.every(isHere));
	const said = here.map((names) => names.map((name) => `“${labelOf(properties, name)}”`).join(' and '));
	return said.length === 0 ? text : said.join(', or ');
}

/** Ends a sentence that may have an end already. */
export function ended(text: string): string {
	return /[.!?…]["”»)]*$/.test(text.trim()) ? text.trim() : `${text.trim()}.`;
}

/** "A ticket" inside a title of an action: n8n's titles have no articles. */
export function withoutArticles(text: string): string {
	return text.replace(/\b(a|an|the) (?=\p{L})/gu, '');
}
