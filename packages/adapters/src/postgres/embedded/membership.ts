import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, rmSync } from 'node:fs';

/*
 * How the server knows that somebody still needs it. Every process that uses a built-in database holds the writing end of a named
 * pipe; a few lines of shell beside the server hold the reading end. When the last writer is gone, closed or killed, the kernel
 * says end of file, and the server is told to stop. No process numbers, no lock files, nothing to clean after kill -9.
 */

/** Makes the pipe and opens both ends: `reader` is for the keeper, `writer` is our own membership. */
export function foundMembership(pipe: string): { readonly reader: number; readonly writer: number } {
  rmSync(pipe, { force: true });
  execFileSync('mkfifo', ['-m', '600', pipe]);
  const probe = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK); // without a writer a plain open would wait
  const writer = openSync(pipe, constants.O_WRONLY | constants.O_NONBLOCK);
  const reader = openSync(pipe, constants.O_RDONLY);
  closeSync(probe);
  return { reader, writer };
}

/** Becomes a member, or null: nobody reads the pipe, the server is gone or going. */
export function joinMembership(pipe: string): number | null {
  try {
    return openSync(pipe, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch {
    return null;
  }
}

/**
 * Run by `sh -c` with the pipe as standard input and the server's command as arguments: a watcher in the background waits for the end
 * of the pipe and then asks the server to stop (SIGINT: fast shutdown); the shell itself becomes the server.
 */
export const keeperScript = 'exec 3<&0; server=$$; (cat <&3 >/dev/null; kill -INT $server) & exec 3<&-; exec "$@" </dev/null';
