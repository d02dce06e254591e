// /api/docs: the OpenAPI document as a page a person can read. No script, no style from elsewhere.

type Schema = { [key: string]: unknown };
type Operation = {
  operationId: string;
  summary?: string;
  description?: string;
  tags?: string[];
  requestBody?: { content: { 'application/json'?: { schema?: Schema; example?: unknown } } };
  responses: Record<string, { content?: { 'application/json'?: { schema?: Schema } } }>;
};
type Document = { info: { title: string; version: string; description: string }; paths: Record<string, { post: Operation }> };

const asText = (text: string) => text.replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`);
const pretty = (value: unknown) => asText(JSON.stringify(value, null, 2) ?? '');

/** The stylesheet is a file of its own, so that the page needs no exception from the policy. */
export const DOCS_STYLE = `
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
body { margin: 0 auto; max-width: 60rem; padding: 1.5rem; }
h2 { margin-top: 2.5rem; text-transform: capitalize; }
details { border-top: 1px solid #8886; padding: .5rem 0; }
summary { cursor: pointer; display: flex; gap: 1rem; flex-wrap: wrap; }
code, pre { font: 13px/1.45 ui-monospace, monospace; }
pre { background: #8882; padding: .75rem; overflow-x: auto; border-radius: 4px; }
.id { min-width: 16rem; font-weight: 600; }
a { color: inherit; }
`;

export function docsPage(given: object): string {
  const { info, paths } = given as Document;
  const operations = Object.entries(paths).map(([path, { post }]) => ({ path, ...post }));
  const areas = [...new Set(operations.map((operation) => operation.tags?.[0] ?? ''))];
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${asText(info.title)} ${asText(info.version)}</title><link rel="stylesheet" href="/api/docs.css"></head>
<body><h1>${asText(info.title)} ${asText(info.version)}</h1>
<p>${asText(info.description)} The same as a file: <a href="/api/openapi.json">openapi.json</a>.</p>
<pre>curl -s -H 'content-type: application/json' -d '{"email":"…","password":"…"}' http://127.0.0.1:8480/api/people/sign-in</pre>
${areas.map((area) => section(area, operations)).join('\n')}
</body></html>`;
}

function section(area: string, operations: (Operation & { path: string })[]): string {
  const own = operations.filter((operation) => operation.tags?.[0] === area);
  return `<h2>${asText(area)}</h2>${own.map(entry).join('\n')}`;
}

function entry({ path, operationId, summary, description, requestBody, responses }: Operation & { path: string }): string {
  const input = requestBody?.content['application/json'];
  const output = responses['200']?.content?.['application/json']?.schema;
  return `<details id="${asText(operationId)}"><summary><code class="id">${asText(operationId)}</code> ${asText(summary ?? '')}</summary>
<p>${asText(description ?? '')}</p><p><code>POST /api${asText(path)}</code></p>
${input?.example === undefined ? '' : `<p>Example input</p><pre>${pretty(input.example)}</pre>`}
${input?.schema === undefined ? '' : `<p>Input</p><pre>${pretty(input.schema)}</pre>`}
${output === undefined ? '' : `<p>Answer</p><pre>${pretty(output)}</pre>`}</details>`;
}
