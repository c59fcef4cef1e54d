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
      handle: (_, { request, reply }) => reply.type('application/json').send(JSON.stringify(request.server.swagger())),
    }),
  ],
});
