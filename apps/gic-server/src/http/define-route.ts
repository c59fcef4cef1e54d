import { problem } from '@colibri/contracts';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import type { Permission } from './permissions.ts';

/** What a handler may use beside what was asked. */
export interface Call {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

type Parsed<S> = S extends z.ZodType ? z.output<S> : undefined;

/** One route: all that a client, the documentation and the guard at the door need to know of it. */
export interface Route {
  readonly method: 'GET';
  readonly path: string;
  /** Default deny: a route without one does not start. */
  readonly permission: Permission;
  readonly summary: string;
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  /** Schema of a JSON answer, or the media type of any other. */
  readonly answer: z.ZodType | string;
  /** Left out of the API's documentation: pages and their parts. */
  readonly hidden?: boolean;
  readonly handle: (asked: { params: never; query: never }, call: Call) => unknown;
}

/** Declares a route; the types of the handler come from the schemas. */
export function defineRoute<
  P extends z.ZodObject | undefined = undefined,
  Q extends z.ZodObject | undefined = undefined,
  A extends z.ZodType | string = string,
>(route: {
  readonly method: 'GET';
  readonly path: string;
  readonly permission: Permission;
  readonly summary: string;
  readonly params?: P;
  readonly query?: Q;
  readonly answer: A;
  readonly hidden?: boolean;
  readonly handle: (
    asked: { params: Parsed<P>; query: Parsed<Q> },
    call: Call,
  ) => A extends z.ZodType ? z.input<A> | Promise<z.input<A>> : unknown;
}): Route {
  return Object.freeze(route) as unknown as Route;
}

/** A subject of the server: its routes in one list. */
export interface Feature {
  readonly name: string;
  readonly title: string;
  readonly routes: readonly Route[];
}

export function addFeature(app: FastifyInstance, feature: Feature): void {
  for (const { method, path, permission, summary, params, query, answer, hidden, handle } of feature.routes) {
    app.route({
      method,
      url: path,
      config: { permission },
      schema: {
        summary,
        tags: [feature.title],
        ...(hidden ? { hide: true } : {}),
        ...(params ? { params } : {}),
        ...(query ? { querystring: query } : {}),
        ...(typeof answer === 'string' ? { produces: [answer] } : {}),
        response: { ...(typeof answer === 'string' ? {} : { 200: answer }), '4xx': problem, '5xx': problem },
      },
      handler: (request, reply) => handle({ params: request.params as never, query: request.query as never }, { request, reply }),
    });
  }
}
