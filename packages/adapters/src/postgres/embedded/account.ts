import { accessSync, chownSync, constants, lstatSync, realpathSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/** The account that PostgreSQL runs under. It refuses to run as root, so root lends it the account `nobody`. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

const NOBODY: Account = { uid: 65534, gid: 65534 };

/** null: our own account will do. */
export const serverAccount = (): Account | null => (process.getuid?.() === 0 ? NOBODY : null);

/** Gives a file or folder to the account. */
export function giveTo(account: Account | null, path: string): void {
  if (account) chownSync(path, account.uid, account.gid);
}

/** May the account enter this folder, through all folders above it? Judged by mode bits: access lists are not looked at. */
export function canEnter(account: Account | null, folder: string): boolean {
  if (!account) {
    try {
      accessSync(folder, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  }
  for (let at = realpathSync(folder); ; at = dirname(at)) {
    if (!mayExecute(account, at)) return false;
    if (at === dirname(at)) return true;
  }
}

function mayExecute({ uid, gid }: Account, path: string): boolean {
  const { mode, uid: owner, gid: group } = statSync(path);
  if (owner === uid) return (mode & 0o100) !== 0;
  if (group === gid) return (mode & 0o010) !== 0;
  return (mode & 0o001) !== 0;
}

/** True when something, even a broken link, has this path. */
export function isThere(path: string): boolean {
  try {
    lstatSync(path);
    return true;
  } catch {
    return false;
  }
}
