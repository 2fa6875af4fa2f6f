// Which requests of a component leave: those to the origins that `prepare` named,
// as far as the credential spec covers them. The forms are those of the contract
// (`credential-spec.egress`): origins, `https://*.example.com`, or templates of
// credential fields, of which the origin counts.

import type { Gate } from './world.ts';

type Values = Readonly<Record<string, string>>;

/** For `prepare`: the addresses that stand in the fields, and what the spec makes of them. */
export function typedGate(spec: readonly string[], values: Values): Gate {
	const origins = new Set(Object.values(values).flatMap(originsOf));
	const labels = Object.values(values).filter((value) => /^[a-z0-9-]+$/i.test(value.trim()));
	const first = new Set(labels.map((value) => value.trim().toLowerCase()));
	const patterns = spec.map((template) => expand(template, values));
	return (url) =>
		origins.has(url.origin) ||
		patterns.some((pattern) =>
			pattern.includes('*')
				? covers(pattern, url) && first.has(url.hostname.split('.')[0] ?? '')
				: covers(pattern, url),
		);
}

/** For everything else. */
export function preparedGate(spec: readonly string[], values: Values, prepared: readonly string[]): Gate {
	const most = spec.map((template) => expand(template, values));
	const open = prepared.flatMap((origin) => {
		const url = URL.parse(origin);
		return url !== null && most.some((pattern) => covers(pattern, url)) ? [url.origin] : [];
	});
	return (url) => open.includes(url.origin);
}

function expand(template: string, values: Values): string {
	return template.replace(/\{([^}]*)\}/g, (_, name: string) => values[name] ?? '');
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
