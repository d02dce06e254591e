// The OpenAPI 3.1 document, made from the contract and nothing else.
import { OpenAPIGenerator } from '@orpc/openapi';
import { ZodToJsonSchemaConverter } from '@orpc/zod/zod4';
import { errorStatus } from '../../../contract/errors.ts';
import { contract } from '../../../contract/index.ts';
import { kebab, type ProcedureMeta } from '../../../contract/procedure.ts';

type Operation = {
  operationId: string;
  summary?: string;
  description?: string;
  security?: object[];
  requestBody?: { content: Record<string, { example?: unknown }> };
  responses: Record<string, object>;
};

export async function describe(version: string): Promise<object> {
  const generator = new OpenAPIGenerator({ schemaConverters: [new ZodToJsonSchemaConverter()] });
  const document = (await generator.generate(contract, {
    info: {
      title: 'Outpost station',
      version,
      description: 'Every procedure is a POST with a JSON body. Sign in by people.signIn and send the token as “Authorization: Bearer …”.',
    },
    servers: [{ url: '/api' }],
    components: {
      securitySchemes: { session: { type: 'http', scheme: 'bearer', description: 'The token people.signIn gives.' } },
      schemas: {
        Refusal: {
          type: 'object',
          required: ['code', 'message'],
          properties: { code: { type: 'string', enum: Object.keys(errorStatus) }, message: { type: 'string' }, data: { type: 'object' } },
        },
      },
    },
  } as never)) as unknown as { paths: Record<string, { post: Operation }> };

  const refusal = {
    description: 'A refusal: its code says which, its message what to do.',
    content: { 'application/json': { schema: { $ref: '#/components/schemas/Refusal' } } },
  };
  for (const [area, procedures] of Object.entries(contract))
    for (const [name, procedure] of Object.entries(procedures as Record<string, { '~orpc': { meta: ProcedureMeta } }>)) {
      const operation = (document.paths[`/${area}/${kebab(name)}`] as { post: Operation }).post;
      const { needs, example, kind } = procedure['~orpc'].meta;
      operation.description = `${kind === 'command' ? 'A command.' : 'A question: changes nothing.'} ${inWords(needs)}`;
      operation.security = 'session' in needs && !needs.session ? [] : [{ session: [] }];
      operation.responses.default = refusal;
      const body = operation.requestBody?.content['application/json'];
      if (body) body.example = example;
    }
  return document;
}

function inWords(needs: ProcedureMeta['needs']): string {
  if ('session' in needs) return needs.session ? 'Needs a session; concerns yourself.' : 'Needs no session.';
  return `Needs the permission “${needs.permission}” at the place the input names.`;
}
