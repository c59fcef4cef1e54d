import { randomUUID } from 'node:crypto';
import * as contracts from '@colibri/contracts';
import helmet from '@fastify/helmet';
import rateLimit from '@fastify/rate-limit';
import statics from '@fastify/static';
import swagger from '@fastify/swagger';
import Fastify, { type FastifyInstance } from 'fastify';
import {
  createJsonSchemaTransform,
  createJsonSchemaTransformObject,
  serializerCompiler,
  validatorCompiler,
} from 'fastify-type-provider-zod';
import { z } from 'zod';
import { routeUnknown, tooManyRequests } from './errors.ts';
import { features } from './features.ts';
import { compressAnswers } from './http/compress.ts';
import { addFeature } from './http/define-route.ts';
import { requirePermissions } from './http/permissions.ts';
import { toRefusal } from './http/problems.ts';
import { contentSecurity, helmetOptions } from './http/security.ts';
import type { Services } from './services.ts';

export interface AppOptions {
  /** Names beside localhost under which the server may be asked. */
  readonly hostNames: readonly string[];
  /** Requests of one address in 10 s. */
  readonly requestsPer10s: number;
}

/** Assembles the server: guard, limits, features, refusals. Listens to nothing yet. */
export async function makeApp(services: Services, options: AppOptions): Promise<FastifyInstance> {
  const app = Fastify({
    logger: false,
    genReqId: () => randomUUID(),
    bodyLimit: 64 * 1024, // nothing is posted in this version
    requestTimeout: 30_000,
    connectionTimeout: 0, // live streams stay open
    keepAliveTimeout: 30_000,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 300 },
  });
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);

  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-correlation-id', request.id).header('content-security-policy', contentSecurity());
  });
  requirePermissions(app, options.hostNames);
  app.addHook('onResponse', async (request, reply) => {
    services.metrics.answered(request.routeOptions.url ?? 'unknown', reply.statusCode, reply.elapsedTime / 1000);
  });
  compressAnswers(app);

  app.setErrorHandler(async (error, request, reply) => {
    const { status, body, log } = toRefusal(error, request.id);
    if (log) {
      const fields = { code: log.code, correlationId: request.id, path: request.url, stack: (error as Error).stack };
      services.log.log('ERROR', 'Server', `${log.code} ${(error as Error).message} (${request.id})`, fields);
    }
    return reply
      .code(status)
      .type('application/json; charset=utf-8')
      .header('cache-control', 'no-store')
      .serializer(JSON.stringify)
      .send(body);
  });
  app.setNotFoundHandler(async (request) => {
    throw routeUnknown({ method: request.method, path: request.url.split('?')[0]!.slice(0, 200) });
  });

  await app.register(helmet, helmetOptions);
  await app.register(rateLimit, {
    max: options.requestsPer10s,
    timeWindow: 10_000,
    errorResponseBuilder: (_, { ttl }) => tooManyRequests({ waitSec: Math.ceil(ttl / 1000) }),
  });
  await app.register(statics, { root: services.page.folder, serve: false });
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'COLIBRI GIC',
        version: services.version,
        description: 'What the web page and other observatories may read.',
      },
    },
    transform: createJsonSchemaTransform({ schemaRegistry: components }),
    transformObject: createJsonSchemaTransformObject({ schemaRegistry: components }),
  });
  for (const feature of features(services)) addFeature(app, feature);
  await app.ready();
  return app;
}

/** Shapes of the contract by name, so that the description says `Board` and not its forty lines each time. */
const components = z.registry<{ id?: string }>();
for (const [id, schema] of Object.entries({
  Board: contracts.board,
  Chip: contracts.chip,
  FrameRow: contracts.frameRow,
  FrameSummary: contracts.frameSummary,
  InstanceStatus: contracts.instanceStatus,
  NightTimes: contracts.nightTimes,
  Now: contracts.now,
  Problem: contracts.problem,
  SourceTable: contracts.sourceTable,
})) {
  components.add(schema, { id });
}
