import { defineRoute, type Feature } from '../../http/define-route.ts';

/** The description of the API, for programs of others. */
export const openapi = (): Feature => ({
  name: 'openapi',
  title: 'Description',
  routes: [
    defineRoute({
      method: 'GET',
      path: '/api/v1/openapi.json',
      permission: 'page.read',
      summary: 'This description, OpenAPI 3.1.',
      answer: 'application/json',
      handle: (_, { request, reply }) =>
        reply.type('application/json').send(JSON.stringify(withoutUnused(request.server.swagger()))),
    }),
  ],
});

/** Shapes come twice from the generator, as asked and as answered; those that no route refers to say nothing. */
function withoutUnused<T extends object>(description: T): T {
  const { components, ...rest } = description as { components?: { schemas?: Record<string, unknown> } };
  const schemas = { ...components?.schemas };
  for (;;) {
    const text = JSON.stringify([rest, schemas]);
    const unused = Object.keys(schemas).filter((name) => !text.includes(`"#/components/schemas/${name}"`));
    if (unused.length === 0) return { ...rest, components: { ...components, schemas } } as unknown as T;
    for (const name of unused) delete schemas[name];
  }
}
