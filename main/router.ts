// One way in for every question and command, whatever wire it came by:
// session → input → place → permission → handler → answer or refusal.
import type { ContractRouterClient } from '@orpc/contract';
import { createRouterClient, implement, ORPCError } from '@orpc/server';
import { errorStatus, isErrorCode, Refusal } from '../contract/errors.ts';
import { type Contract, contract } from '../contract/index.ts';
import type { Needs, ProcedureMeta } from '../contract/procedure.ts';
import type { Area, Call } from './area.ts';
import { caller, type Origin } from './caller.ts';
import type { Logger } from './log.ts';
import type { Authority } from './people/index.ts';
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
  clock: () => number;
  random(): string;
};

type Session = Awaited<ReturnType<Authority['session']>>;
type Context = Request & { session?: Session };

/** The oRPC router that every wire serves. */
export type Router = ReturnType<typeof openRouter>;

export function openRouter(options: RouterOptions) {
  const { areas, authority } = options;
  const router: Record<string, Record<string, unknown>> = {};
  for (const [areaName, procedures] of Object.entries(contract)) {
    const built: Record<string, unknown> = {};
    for (const [name, declared] of Object.entries(procedures)) {
      const meta = (declared as { '~orpc': { meta: ProcedureMeta } })['~orpc'].meta;
      const handler = (areas[areaName as keyof Contract].procedures as Record<string, Handler>)[name] as Handler;
      built[name] = implement(declared as typeof contract.people.me)
        .$context<Context>()
        // The first middleware runs before the input is validated, see there.
        .$config({ initialInputValidationIndex: 1, initialOutputValidationIndex: 1 })
        // Before the input is even looked at: a stranger learns nothing from how a bad one is refused.
        .use(async ({ context, next }) => {
          if (meta.needs === undefined || ('session' in meta.needs && !meta.needs.session)) return next();
          const session = await authority.session(context.token);
          if (session === undefined) throw new Refusal('unauthenticated', 'Please sign in.');
          return next({ context: { session } });
        })
        .handler(
          ({ context, input, signal }): Promise<never> =>
            answer(
              options,
              `${areaName}.${name}`,
              meta,
              handler,
              context as Context,
              input,
              signal ?? new AbortController().signal,
            ) as Promise<never>,
        );
    }
    router[areaName] = built;
  }
  return router as never as Parameters<typeof createRouterClient>[0];
}

type Handler = (input: unknown, call: Call) => Promise<unknown>;

async function answer(
  options: RouterOptions,
  action: string,
  meta: ProcedureMeta,
  handler: Handler,
  context: Context,
  input: unknown,
  signal: AbortSignal,
) {
  const { authority, store } = options;
  const { session, origin } = context;
  if (session === undefined)
    return handler(input, {
      get caller(): never {
        throw new Error(`${action} has no session`);
      },
      origin,
      place: undefined,
      signal,
    });

  const opId = (input as { opId?: string } | null)?.opId;
  const verdict = await judge(authority, meta.needs as Needs<unknown>, session, input);
  const call: Call = {
    caller: caller({ ...session, origin, action, place: verdict.place, opId, organisationOf: authority.organisationOf }),
    origin,
    place: verdict.place,
    signal,
  };
  if (verdict.refusal) {
    const { person, session, action, from, organisation, site } = call.caller.author;
    const detail = { from, message: verdict.refusal.message, changes: [] };
    await store
      .audit({ actor: person, session, action, outcome: 'refused', organisation, site, detail })
      .catch((error: unknown) => options.log.error({ error, action, event: 'auditFailed' }, 'a refusal could not be written to the audit'));
    throw verdict.refusal;
  }
  const before = opId && (await store.answered(opId, call.caller.author));
  if (before) return before.result;
  try {
    return await handler(input, call);
  } catch (error) {
    if (error instanceof AlreadyDone) return error.result;
    throw error;
  }
}

/** May this session do what the declaration asks for, with this input? Shared with the streams. */
export async function judge(authority: Authority, needs: Needs<unknown>, session: NonNullable<Session>, input: unknown) {
  if ('session' in needs) return { place: undefined, refusal: undefined };
  const ref = needs.at(input);
  if (ref === 'anywhere') return { place: undefined, refusal: undefined };
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

/** Every failure as the one shape that travels. What we did not mean to say stays in the log, under a reference. */
export function wireError(error: unknown, log: Logger, reference: () => string): ORPCError<string, unknown> {
  const meaning = storeError(error);
  if (meaning instanceof Refusal) {
    if (meaning !== error) log.warn({ error, event: 'store' }, 'the store could not answer');
    return travelling(meaning);
  }
  if (error instanceof ORPCError) {
    if (isErrorCode(error.code) && error.status === errorStatus[error.code]) return error;
    const cause = error.cause as { issues?: readonly { path?: readonly unknown[]; message: string }[] } | undefined;
    if (error.code === 'BAD_REQUEST')
      return travelling(new Refusal('invalid', 'The input is not what was asked for.', { issues: issuesOf(cause?.issues) }));
  }
  const id = reference();
  log.error({ error: error instanceof ORPCError ? (error.cause ?? error) : error, id, event: 'failed' }, 'a call failed');
  return travelling(new Refusal('internal', `Something went wrong in the station. The log knows more under ${id}.`, { reference: id }));
}

const travelling = (refusal: Refusal) =>
  new ORPCError<string, unknown>(refusal.code, { status: errorStatus[refusal.code], message: refusal.message, data: refusal.data ?? {} });

const issuesOf = (issues: readonly { path?: readonly unknown[]; message: string }[] = []) =>
  issues.slice(0, 20).map((issue) => ({
    path: (issue.path ?? [])
      .map((part) => String(typeof part === 'object' && part !== null ? (part as { key: unknown }).key : part))
      .join('.'),
    message: issue.message,
  }));

/** The wire that is none: for tests, and for the station's own use. Refuses exactly as the others do. */
export function memoryClient(options: RouterOptions, router: Router, request: Request): ContractRouterClient<Contract> {
  return createRouterClient(router, {
    context: request as never,
    interceptors: [
      async ({ next }) => {
        try {
          return await next();
        } catch (error) {
          throw wireError(error, options.log, options.random);
        }
      },
    ],
  }) as never;
}
