// Failures, in the form of `node-error` of the node interface.

/** A failure that a host and a person can act on. */
export class Failure extends Error {
  constructor(kind, code, message, more = {}) {
    super(message);
    this.name = "Failure";
    Object.assign(this, { kind, code, effect: "none", retry: "never" }, more);
  }
}

/**
 * Ends the operation on this item: `fail("not-found", "no-such-shelf", "There is no shelf 7.")`.
 * `kind` is an error kind of the node interface; the name of the node is put before `code`.
 */
export function fail(kind, code, message, more = {}) {
  throw new Failure(kind, code, message, more);
}

/** An input that the caller must change; `field` is a JSON pointer. */
export function invalid(code, message, field, advice) {
  return new Failure("invalid-input", code, message, { field, advice });
}

/** Whatever was thrown, as a failure: what is not one is a fault of the node. */
export function asFailure(thrown) {
  if (thrown instanceof Failure) return thrown;
  const words = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
  return new Failure("internal", "internal", `Internal error: ${words.split("\n")[0].slice(0, 300)}`, {
    advice: "Report this to the makers of the node.",
  });
}

/** The record of the interface, with every secret of this call taken out of its texts. */
export function nodeError(failure, name, secrets = []) {
  const clean = (text) =>
    text === undefined ? undefined : secrets.reduce((kept, secret) => kept.replaceAll(secret, "***"), text);
  const { retry } = failure;
  return {
    kind: failure.kind,
    code: `${name}.${failure.code}`,
    message: clean(failure.message),
    advice: clean(failure.advice),
    field: failure.field,
    httpStatus: failure.httpStatus,
    vendorMessage: clean(failure.vendorMessage),
    effect: failure.effect,
    retry:
      typeof retry === "number"
        ? { tag: "after-ms", val: Math.min(Math.max(Math.round(retry), 0), 0xffffffff) }
        : { tag: retry },
    details: failure.details === undefined ? undefined : clean(JSON.stringify(failure.details)),
  };
}
