import type { FastifyRequest } from 'fastify';

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
export function isAllowed(request: FastifyRequest, permission: Permission, hostNames: readonly string[]): boolean {
  const asked = (request.headers.host ?? '').replace(/:\d+$/, '').toLowerCase();
  const isHere = isLoopback(request.socket.remoteAddress ?? '') && [...loopbackNames, ...hostNames].includes(asked);
  return isHere && (roles.guest as readonly Permission[]).includes(permission);
}

const isLoopback = (address: string): boolean => /^(127\.|::1$|::ffff:127\.)/.test(address);
