// One way in for every question and command, whatever wire it came by:
// session → input → place → permission → handler → answer or refusal.
import { clientOver, type StationClient } from '../contract/calls.ts';
import { Refusal } from '../contract/errors.ts';
import { type Contract, procedures } from '../contract/index.ts';
import type { Place } from '../contract/permissions.ts';
import type { Declared, Needs } from '../contract/procedure.ts';
import type { Area, Call } from './area.ts';
import { type Caller, caller, type Origin } from './caller.ts';
import type { Logger } from './log.ts';
import type { Authority } from './people/index.ts';
import { writeDown } from './refusals.ts';
import { storeError } from './store/faults.ts';
import { AlreadyDone, type Store } from './store/index.ts';

export type Areas = { [A in keyof Contract]: Area<A> };

/** What a wire knows of a request before anybody has looked at it. */
export type Request = {
  /** The session token, from a cookie or an Authorization header. */
  token: string | undefined;
  origin: Origin;
};

export type RouterOptions = {
  areas: Areas;
  authority: Authority;
  store: Pick<Store, 'answered' | 'audit'>;
  log: Logger;
  /** A word by which a person and the log mean the same failure. */
  reference(): string;
};

/** Whoever asks may give up: the signal says so. Looked at by few, and made only for those. */
export type Asking = { readonly signal: AbortSignal };

export type Router = {
  /** The answer to one call, or a Refusal. Nothing else ever comes out of it. */
  answer(procedure: string, input: unknown, request: Request, asking?: Asking): Promise<unknown>;
  /** Tells every call and, when it is known, its outcome: 'ok' or the code of its refusal. */
  observe(observer: (procedure: string) => (outcome: string) => void): void;
};

type Handler = (input: unknown, call: Call) => Promise<unknown>;
type Session = NonNullable<Awaited<ReturnType<Authority['session']>>>;

export function openRouter(options: RouterOptions): Router {
  let observe: (procedure: string) => (outcome: string) => void = () => () => {};
  const inTurn = openTurns();
  return {
    async answer(procedure, input, request, asking = PATIENT) {
      const done = observe(procedures.has(procedure) ? procedure : 'unknown');
      try {
        const answer = await answerTo(options, inTurn, procedure, input, request, asking);
        done('ok');
        return answer;
      } catch (error) {
        const refusal = asRefusal(error, options.log, options.reference);
        done(refusal.code);
        throw refusal;
      }
    },
    observe(observer) {
      observe = observer;
    },
  };
}

const PATIENT: Asking = { signal: new AbortController().signal };

async function answerTo(
  options: RouterOptions,
  inTurn: Turns,
  name: string,
  given: unknown,
  request: Request,
  asking: Asking,
): Promise<unknown> {
  const declared = procedures.get(name)?.['~orpc'];
  if (declared === undefined) throw new Refusal('notFound', 'There is no such procedure.');
  const handler = handlerOf(options.areas, name);
  const { needs } = declared.meta;
  const { origin } = request;

  if ('session' in needs && !needs.session) {
    if (declared.meta.kind === 'command') await mustNotSeeAs(options, name, declared.meta, request);
    const input = parsed(declared, given);
    return answered(declared, await handler(input, callOf(asking, { origin, place: undefined })));
  }
  // Before the input is even looked at: a stranger learns nothing from how a bad one is refused.
  const session = await options.authority.session(request.token);
  if (session === undefined) throw new Refusal('unauthenticated', 'Please sign in.');
  const barred = barredFromView(session, declared.meta);
  if (barred) {
    await writeDown(options, callerOf(options, name, session, origin).author, barred.message);
    throw barred;
  }
  const input = parsed(declared, given);
  const opId = (input as { opId?: string } | null)?.opId;
  const { place, refusal } = await judge(options.authority, needs as Needs<unknown>, session, input);
  const { organisationOf } = options.authority;
  const { undoable } = declared.meta;
  const by = caller({ ...session, origin, action: name, place, opId, undoable, organisationOf });
  const call = callOf(asking, { caller: by, origin, place });
  if (refusal) {
    await writeDown(options, call.caller.author, refusal.message);
    throw refusal;
  }
  if (declared.meta.critical && !session.confirmed) throw new Refusal('unconfirmed', 'Prove first that it is still you.');
  const carryOut = async () => {
    try {
      return answered(declared, await handler(input, call));
    } catch (error) {
      if (error instanceof AlreadyDone) return error.result;
      // What only the handler could know to be too much: it stands in the audit like any other refusal.
      if (error instanceof Refusal && error.code === 'forbidden') await writeDown(options, call.caller.author, error.message);
      throw error;
    }
  };
  if (opId === undefined) return carryOut();
  return inTurn(opId, async () => (await options.store.answered(opId, call.caller.author))?.result ?? carryOut());
}

const callerOf = ({ authority: { organisationOf } }: RouterOptions, action: string, session: Session, origin: Origin) =>
  caller({ ...session, origin, action, place: undefined, opId: undefined, organisationOf });

/** Whoever sees the station as somebody else carries nothing out, and sees nothing that is personal. Shared with the streams. */
export function barredFromView(
  { seen }: Pick<Session, 'seen'>,
  { kind, personal, critical, endsView }: { kind?: 'question' | 'command'; personal?: boolean; critical?: boolean; endsView?: boolean },
): Refusal | undefined {
  if (seen === undefined || endsView) return undefined;
  if (kind === 'command') return new Refusal('forbidden', 'You see the station as somebody else: nothing can be changed.');
  if (critical) return new Refusal('forbidden', 'You see the station as somebody else: who you are cannot be proven here.');
  return personal ? new Refusal('forbidden', 'This is personal: nobody else sees it.') : undefined;
}

/** What asks for no session, as signing in, is no way out of it. */
async function mustNotSeeAs(options: RouterOptions, name: string, meta: Declared['~orpc']['meta'], { token, origin }: Request) {
  const session = await options.authority.session(token, 'look');
  const barred = session && barredFromView(session, meta);
  if (barred === undefined) return;
  await writeDown(options, callerOf(options, name, session as Session, origin).author, barred.message);
  throw barred;
}

type Turns = <T>(opId: string, work: () => Promise<T>) => Promise<T>;

/** One at a time for each opId: a command repeated while it is under way waits for its answer, whatever its handler does. */
function openTurns(): Turns {
  const last = new Map<string, Promise<unknown>>();
  return async (opId, work) => {
    const before = last.get(opId);
    const turn = before === undefined ? work() : before.then(work, work);
    last.set(opId, turn);
    try {
      return await turn;
    } finally {
      if (last.get(opId) === turn) last.delete(opId);
    }
  };
}

function handlerOf(areas: Areas, name: string): Handler {
  const [area, short] = name.split('.') as [keyof Contract, string];
  return (areas[area].procedures as Record<string, Handler>)[short] as Handler;
}

function callOf(asking: Asking, facts: { caller?: Caller; origin: Origin; place: Place | undefined }): Call {
  return {
    get caller() {
      if (facts.caller === undefined) throw new Error('this procedure needs no session: there is no caller');
      return facts.caller;
    },
    get signal() {
      return asking.signal;
    },
    origin: facts.origin,
    place: facts.place,
  };
}

function parsed({ inputSchema }: Declared['~orpc'], given: unknown): unknown {
  const result = inputSchema.safeParse(given);
  if (result.success) return result.data;
  throw new Refusal('invalid', 'The input is not what was asked for.', { issues: issuesOf(result.error.issues) });
}

/** Exactly what the contract promises leaves: a field it does not name stays here. */
function answered({ outputSchema }: Declared['~orpc'], answer: unknown): unknown {
  const result = outputSchema.safeParse(answer);
  if (result.success) return result.data;
  throw new Error(`an answer broke the contract: ${JSON.stringify(issuesOf(result.error.issues))}`);
}

/** May this session do what the declaration asks for, with this input? Shared with the streams. */
export async function judge(authority: Authority, needs: Needs<unknown>, session: Session, input: unknown) {
  if ('session' in needs)
    return {
      place: undefined,
      refusal: 'person' in needs && session.machine ? new Refusal('forbidden', 'A key has no account of its own.') : undefined,
    };
  const ref = needs.at(input);
  const place = await authority.placeOf(ref);
  const who = caller({
    ...session,
    origin: { from: '', local: false, agent: '' },
    action: '',
    place,
    opId: undefined,
    organisationOf: authority.organisationOf,
  });
  const may = place !== undefined && who.may(needs.permission, place);
  // That there is a platform is no secret; which people and settings it holds is one.
  const isRecord = typeof ref === 'object' && 'record' in ref;
  const known = place !== undefined && (place.kind === 'platform' && isRecord ? may : who.sees(place));
  // What lies outside one's own places does not exist for one: the answer is the same in both cases.
  if (!known) return { place: undefined, refusal: new Refusal('notFound', 'There is no such thing here.') };
  if (!may) return { place, refusal: new Refusal('forbidden', 'You may not do this here.', { permission: needs.permission }) };
  return { place, refusal: undefined };
}

/** Every failure as the one kind that travels. What we did not mean to say stays in the log, under a reference. */
export function asRefusal(error: unknown, log: Logger, reference: () => string): Refusal {
  const meaning = storeError(error);
  if (meaning instanceof Refusal) {
    if (meaning !== error) log.warn({ error, event: 'store' }, 'the store could not answer');
    return meaning;
  }
  const id = reference();
  log.error({ error, id, event: 'failed' }, 'a call failed');
  return new Refusal('internal', `Something went wrong in the station. The log knows more under ${id}.`, { reference: id });
}

export const issuesOf = (issues: readonly { path: readonly PropertyKey[]; message: string }[]) =>
  issues.slice(0, 20).map(({ path, message }) => ({ path: path.join('.'), message }));

/** The wire that is none: for tests, and for the station's own use. Refuses exactly as the others do. */
export const memoryClient = (router: Router, request: Request): StationClient =>
  clientOver((procedure, input, { signal } = {}) => router.answer(procedure, input, request, signal && { signal }));
