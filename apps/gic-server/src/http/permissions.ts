import type { FastifyInstance, FastifyRequest } from 'fastify';
import { permissionDenied } from '../errors.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Every route names one; without it the server does not start. */
    permission?: Permission;
  }
}

/** What a route may need. Every route names one. */
export type Permission = 'page.read' | 'board.read' | 'frame.read' | 'operation.read';

/** The roles of this version: sign-in comes later; until then whoever sits at the machine may look. */
const roles = {
  guest: ['page.read', 'board.read', 'frame.read', 'operation.read'],
} as const satisfies Record<string, readonly Permission[]>;

const loopbackNames = ['127.0.0.1', 'localhost', '[::1]'];

/**
 * Is this request allowed? Guests may read when the connection comes from this machine. The name they asked for must be this machine's
 * as well: a web page elsewhere whose name was made to point here (DNS rebinding), or a proxy that forgot to ask for a password, is
 * refused. `hostNames` adds names that may be used, for a proxy that does the asking.
 */
function isAllowed(request: FastifyRequest, permission: Permission, hostNames: readonly string[]): boolean {
  const asked = (request.headers.host ?? '').replace(/:\d+$/, '').toLowerCase();
  const isHere = isLoopback(request.socket.remoteAddress ?? '') && [...loopbackNames, ...hostNames].includes(asked);
  return isHere && (roles.guest as readonly Permission[]).includes(permission);
}

const isLoopback = (address: string): boolean => /^(127\.|::1$|::ffff:127\.)/.test(address);

/** The door: routes without a permission are refused when they are declared, requests without it when they come. */
export function requirePermissions(app: FastifyInstance, hostNames: readonly string[]): void {
  app.addHook('onRoute', (route) => {
    if (!route.config?.permission) throw new Error(`The route ${route.url} declares no permission.`);
  });
  app.addHook('onRequest', async (request) => {
    const { permission } = request.routeOptions.config;
    if (permission && !isAllowed(request, permission, hostNames)) throw permissionDenied({ permission });
  });
}
