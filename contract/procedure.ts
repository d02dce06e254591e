// How a procedure and a stream are declared. A declaration is data: the router, the sweeps, the OpenAPI page and the
// screens all read the same one.
import { oc } from '@orpc/contract';
import type { z } from 'zod';
import type { Id } from './ids.ts';
import type { Permission } from './permissions.ts';

/** Where a permission is needed, as the input tells it. The station turns it into a place of the tree. */
export type PlaceRef =
  | 'platform'
  | 'station' // wherever this station stands: its one site, its one organisation, or the platform
  | { organisation: Id }
  | { site: Id }
  | { team: Id }
  | { record: string; id: Id }; // the place a stored thing belongs to

/** Reachable without a session; the suite asserts the list of these. */
export const noSession = { session: false } as const;
/** Any session, about whoever it belongs to. */
export const ownSession = { session: true } as const;
/** The same, for people only: a key has no account that could be changed. */
export const ownAccount = { session: true, person: true } as const;

export type Needs<Input> =
  | typeof noSession
  | typeof ownSession
  | typeof ownAccount
  | { permission: Permission; at: (input: Input) => PlaceRef };

export type ProcedureMeta = {
  kind: 'question' | 'command';
  needs: Needs<never>;
  /** Only for somebody who has proven a short while ago that it is still them: see people.confirmSession. */
  critical: boolean;
  /** A person's own affair: whoever sees the station as somebody else does not see this of them. */
  personal: boolean;
  /** The one command that is carried out while one sees the station as somebody else: it ends that. */
  endsView: boolean;
  /** Whoever did it can take it back, as long as it is their last and nobody has built on it: see people.undo. */
  undoable: boolean;
  example: unknown;
};

type ProcedureDeclaration<In, RawIn, Out, RawOut> = {
  summary: string;
  input: z.ZodType<In, RawIn>;
  needs: Needs<NoInfer<In>>;
  critical?: true;
  personal?: true;
  endsView?: true;
  undoable?: true;
  output: z.ZodType<Out, RawOut>;
  example: NoInfer<RawIn>;
};

const base = oc.$meta<ProcedureMeta>({
  kind: 'question',
  needs: ownSession,
  critical: false,
  personal: false,
  endsView: false,
  undoable: false,
  example: undefined,
});

const declare =
  (kind: ProcedureMeta['kind']) =>
  <In, RawIn, Out, RawOut>(d: ProcedureDeclaration<In, RawIn, Out, RawOut>) =>
    base
      .meta({
        kind,
        needs: d.needs as Needs<never>,
        critical: d.critical ?? false,
        personal: d.personal ?? false,
        endsView: d.endsView ?? false,
        undoable: d.undoable ?? false,
        example: d.example,
      })
      .route({ method: 'POST', summary: d.summary })
      .input(d.input)
      .output(d.output);

/** Reads only. Safe to repeat, safe to lose. */
export const question = declare('question');
/** Changes something, and is written to the audit. */
export const command = declare('command');

/** What oRPC keeps of a declaration, as far as we read it. */
export type Declared = { '~orpc': { meta: ProcedureMeta; inputSchema: z.ZodType; outputSchema: z.ZodType } };

/** people.signIn → people/sign-in: the address of a procedure below /api. */
export const addressOf = (procedure: string): string => kebab(procedure).replace('.', '/');

export const kebab = (word: string): string => word.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

type Procedures = Record<string, { '~orpc': { route: object } }>;

/** Gives each procedure of an area its REST address and its operationId: people.signIn → POST /people/sign-in. */
export function area<T extends Procedures>(word: string, procedures: T): T {
  for (const [name, procedure] of Object.entries(procedures))
    Object.assign(procedure['~orpc'].route, { path: `/${addressOf(`${word}.${name}`)}`, operationId: `${word}.${name}`, tags: [word] });
  return procedures;
}

// ---- streams

export const DELIVERIES = ['state', 'events', 'bytes', 'ring', 'samples'] as const;
/**
 * How a stream treats a reader that is slower than its source.
 * state: latest value per key · events: stored first, resumed by cursor · bytes: the source is paused ·
 * ring: the source cannot be paused, what is lost is counted · samples: merged per key, what is merged is counted.
 */
export type Delivery = (typeof DELIVERIES)[number];

export type StreamDeclaration<D extends Delivery, In, RawIn, Value> = {
  summary: string;
  delivery: D;
  input: z.ZodType<In, RawIn>;
  needs: Exclude<Needs<NoInfer<In>>, typeof noSession>;
  /** As of a procedure: asked when it is opened, and not of one that is open. */
  critical?: true;
  /** As for a procedure. */
  personal?: true;
  /** One value of state and events. Bytes and ring carry bytes, samples carry numbers. */
  value: z.ZodType<Value, Value>;
  example: NoInfer<RawIn>;
};

/** Any stream, where only its declaration matters. */
export type AnyStream = Omit<StreamDeclaration<Delivery, unknown, unknown, unknown>, 'needs'> & {
  needs: Exclude<Needs<never>, typeof noSession>;
};

export const stream = <D extends Delivery, In, RawIn, Value>(d: StreamDeclaration<D, In, RawIn, Value>) => d;
