// Which requests of a component leave: those to the origins that `prepare` named,
// as far as they were typed or the credential spec covers them. The forms are those of
// the manifest (`credentials.egress`): origins, `https://*.example.com`, `{name}`
// for the address in a field, or names with `{name}` for one label.
//
// Templates are filled from what was typed, never from what the component made of it:
// it would choose by itself where the secret goes. A package is made for one component,
// so whoever builds and installs it accepts the patterns of its spec.

import type { Gate } from './world.ts';

type Values = Readonly<Record<string, string>>;

/** For `prepare`: the addresses that stand in the fields, and what the spec makes of them. */
export function typedGate(spec: readonly string[], values: Values): Gate {
	const origins = new Set(Object.values(values).flatMap(originsOf));
	const labels = Object.values(values).filter((value) => /^[a-z0-9-]+$/i.test(value.trim()));
	const first = new Set(labels.map((value) => value.trim().toLowerCase()));
	const patterns = patternsOf(spec, values);
	return (url) =>
		origins.has(url.origin) ||
		patterns.some((pattern) =>
			pattern.includes('*')
				? covers(pattern, url) && first.has(url.hostname.split('.')[0] ?? '')
				: covers(pattern, url),
		);
}

/** For everything else; `values` are as they were typed. */
export function preparedGate(spec: readonly string[], values: Values, prepared: readonly string[]): Gate {
	const typed = spec.flatMap((template) => originsOf(values[ADDRESS.exec(template)?.[1] ?? ''] ?? ''));
	const patterns = patternsOf(spec, values);
	const isPlain = (url: URL) => url.protocol === 'http:' && typed.some((origin) => origin.startsWith('https:') && new URL(origin).hostname === url.hostname);
	const open = prepared.flatMap((origin) => {
		const url = URL.parse(origin);
		if (url === null || url.username !== '') return [];
		const covered = typed.includes(url.origin) || (!isPlain(url) && patterns.some((pattern) => covers(pattern, url)));
		return covered ? [url.origin] : [];
	});
	return (url) => open.includes(url.origin);
}

/** The origins that the spec comes to with these values, for a component without `prepare`; none for a wildcard. */
export function originsIn(spec: readonly string[], values: Values): string[] {
	const typed = spec.flatMap((template) => originsOf(values[ADDRESS.exec(template)?.[1] ?? ''] ?? ''));
	const named = patternsOf(spec, values).filter((pattern) => !pattern.includes('*'));
	return [...typed, ...named];
}

const ADDRESS = /^\{([A-Za-z0-9_-]+)\}$/;

/** The spec's own patterns; one with a value that is no label is none. */
function patternsOf(spec: readonly string[], values: Values): string[] {
	return spec.flatMap((template) => {
		if (ADDRESS.test(template)) return [];
		let fits = true;
		const pattern = template.replace(/\{([^}]*)\}/g, (_, name: string) => {
			const value = values[name] ?? '';
			fits &&= /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i.test(value);
			return value.toLowerCase();
		});
		return fits ? [pattern] : [];
	});
}

function covers(pattern: string, url: URL): boolean {
	const wildcard = /^(https?):\/\/\*\.([^/:*]+)(?::(\d+))?\/?$/.exec(pattern);
	if (wildcard === null) return !pattern.includes('*') && URL.parse(pattern)?.origin === url.origin;
	const [, scheme, suffix, port] = wildcard;
	return url.protocol === `${scheme}:` && url.port === (port ?? '') && url.hostname.endsWith(`.${suffix}`);
}

/** The origins that a typed value names: https unless it says otherwise. */
function originsOf(value: string): string[] {
	const text = value.trim();
	const url = URL.parse(text.includes('://') ? text : `https://${text}`);
	if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '') return [];
	if (text.includes('://')) return [url.origin];
	const loopback = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname);
	if (loopback) return [url.origin, URL.parse(`http://${text}`)?.origin ?? url.origin];
	return url.hostname.includes('.') ? [url.origin] : [];
}
