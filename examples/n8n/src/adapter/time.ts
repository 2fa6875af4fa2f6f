// Dates as people pick them: without an offset, in the time zone of the workflow.

/** A date of this time zone gets its offset; what has one, or is no date, stays as it is. */
export function withOffset(text: string, zone: string): string {
	const parts = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(:\d\d)?(\.\d+)?)?$/.exec(text.trim());
	if (parts === null) return text;
	const [, date = '', minutes = '00:00', seconds = ':00', fraction = ''] = parts;
	const wall = Date.parse(`${date}T${minutes}${seconds}Z`);
	if (Number.isNaN(wall)) return text;
	const offset = offsetOf(wall, zone);
	return offset === undefined ? text : `${date}T${minutes}${seconds}${fraction}${written(offset)}`;
}

/** Minutes east of UTC when clocks in the zone show this; `wall` counts as if it were UTC. */
function offsetOf(wall: number, zone: string): number | undefined {
	const first = offsetAt(wall, zone);
	if (first === undefined) return undefined;
	// The guess may lie beyond a change of the clocks.
	return offsetAt(wall - first * 60_000, zone);
}

/** Minutes east of UTC at an instant. */
function offsetAt(instant: number, zone: string): number | undefined {
	try {
		const format = new Intl.DateTimeFormat('en-US', {
			timeZone: zone,
			hourCycle: 'h23',
			year: 'numeric',
			month: 'numeric',
			day: 'numeric',
			hour: 'numeric',
			minute: 'numeric',
			second: 'numeric',
		});
		const parts = Object.fromEntries(format.formatToParts(instant).map(({ type, value }) => [type, Number(value)]));
		const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
		return Math.round((Date.UTC(year, month - 1, day, hour, minute, second) - instant) / 60_000);
	} catch {
		// A zone that the engine does not know.
		return undefined;
	}
}

function written(offset: number): string {
	const two = (number: number) => String(number).padStart(2, '0');
	const minutes = Math.abs(offset);
	return `${offset < 0 ? '-' : '+'}${two(Math.trunc(minutes / 60))}:${two(minutes % 60)}`;
}

/**
 * An instant as n8n's expressions give it: an object of Luxon, or a date of JavaScript. One that is invalid has no JSON, and
 * would look as if nothing was given: it becomes a text that is no date.
 */
export function instantOf(value: unknown): string | undefined {
	if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString();
	if (typeof value !== 'object' || value === null || !('toISO' in value)) return undefined;
	const { toISO } = value;
	if (typeof toISO !== 'function') return undefined;
	const text: unknown = toISO.call(value);
	return typeof text === 'string' ? text : 'Invalid DateTime';
}
