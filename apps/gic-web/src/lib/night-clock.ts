import type { Now } from '@colibri/contracts';

/** The instant of the night that is played: the server's clock, or the simulated one running at its rate [ms since 1970]. */
export function nightClockMs(now: Pick<Now, 'serverTime' | 'simulation'> | undefined, serverNowMs: number): number {
  if (now?.simulation == null) return serverNowMs;
  return Date.parse(now.simulation.at) + (serverNowMs - Date.parse(now.serverTime)) * now.simulation.rate;
}
