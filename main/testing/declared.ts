// Every declared procedure and stream as one flat list, for the sweeps that must forget none.
import type { z } from 'zod';
import { contract, streams } from '../../contract/index.ts';
import type { AnyStream, ProcedureMeta } from '../../contract/procedure.ts';

type Declared = {
  '~orpc': {
    meta: ProcedureMeta;
    inputSchema: z.ZodType;
    outputSchema: z.ZodType;
    route: { method: string; path: string; operationId: string; summary?: string };
  };
};

export type DeclaredProcedure = Declared['~orpc'] & { name: string; area: string; short: string };
export type DeclaredStream = AnyStream & { name: string };

export const declaredProcedures: DeclaredProcedure[] = Object.entries(contract).flatMap(([area, procedures]) =>
  Object.entries(procedures as Record<string, Declared>).map(([short, declared]) => ({
    ...declared['~orpc'],
    name: `${area}.${short}`,
    area,
    short,
  })),
);

export const declaredStreams: DeclaredStream[] = Object.entries(streams).flatMap(([area, declared]) =>
  Object.entries(declared as Record<string, AnyStream>).map(([short, stream]) => ({ ...stream, name: `${area}.${short}` })),
);
