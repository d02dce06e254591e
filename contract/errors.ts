// The closed list of ways a station can refuse. Every wire carries exactly {code, message, data}.

export const errorStatus = {
  invalid: 400, // the input is not what the procedure asks for
  unauthenticated: 401, // no session, or one that has ended
  forbidden: 403, // known place, missing permission
  unconfirmed: 403, // a critical act: prove first that it is still you, by people.confirmSession
  notFound: 404, // does not exist, or lies outside what the caller may see
  conflict: 409, // true elsewhere already: a taken e-mail, a used key, a finished task
  tooLarge: 413,
  notHere: 421, // another station owns the thing; data names it
  unsupported: 426, // the contract version of the caller is not served
  tooMany: 429, // data.retryAfterMs says when to come back
  cancelled: 499,
  internal: 500, // our mistake; data.reference finds it in the log
  unavailable: 503, // the station cannot do it now: disk full, store damaged, shutting down
  timedOut: 504,
} as const;

export type ErrorCode = keyof typeof errorStatus;

export function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && Object.hasOwn(errorStatus, code);
}

/** A refusal as it travels: the same three fields on every wire. */
export type Refused = { code: ErrorCode; message: string; data?: Record<string, unknown> | undefined };

/** A refusal a person can act on: thrown by handlers, carried by every wire, shown as it is. */
export class Refusal extends Error {
  override name = 'Refusal';
  readonly code: ErrorCode;
  readonly data: Record<string, unknown> | undefined;

  constructor(code: ErrorCode, message: string, data?: Record<string, unknown>) {
    super(message);
    this.code = code;
    this.data = data;
  }

  get travelling(): Refused {
    return { code: this.code, message: this.message, data: this.data ?? {} };
  }
}
