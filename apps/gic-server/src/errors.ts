import { defineError } from '@colibri/base';

export const requestInvalid = defineError<{ what: string }>({
  code: 'REQUEST_INVALID',
  retry: 'never',
  summary: 'A request does not have the form that its route declares.',
  message: (f) => `The request is not understood: ${f.what}`,
  hint: 'The routes and their fields are listed at /api/v1/openapi.json.',
});

export const routeUnknown = defineError<{ method: string; path: string }>({
  code: 'ROUTE_UNKNOWN',
  retry: 'never',
  summary: 'There is no such address on this server.',
  message: (f) => `There is nothing at ${f.method} ${f.path}.`,
  hint: 'The routes are listed at /api/v1/openapi.json; the pages start at /.',
});

export const permissionDenied = defineError<{ permission: string }>({
  code: 'PERMISSION_DENIED',
  retry: 'never',
  summary: 'The request comes from somebody who may not do this.',
  message: (f) => `This needs the permission ${f.permission}, which guests have on the server's own machine only.`,
  hint: 'Open the page at http://127.0.0.1 or http://localhost on the machine of the server, or through a tunnel to it.',
});

export const tooManyRequests = defineError<{ waitSec: number }>({
  code: 'TOO_MANY_REQUESTS',
  retry: 'later',
  summary: 'One address asks more often than the server answers.',
  message: (f) => `This address has asked too often; the next answer comes in ${f.waitSec} s.`,
  hint: 'Wait and ask again; scripts should follow /api/v1/live instead of polling.',
});

export const tooManyReaders = defineError<{ most: number }>({
  code: 'LIVE_TOO_MANY_READERS',
  retry: 'later',
  summary: 'More live streams are open than the server serves.',
  message: (f) => `All ${f.most} live streams of this server are taken.`,
  hint: 'Close pages that nobody looks at; the page tries again by itself.',
});

export const frameUnknown = defineError<{ frameId: string; pipeline: string | null }>({
  code: 'FRAME_UNKNOWN',
  retry: 'never',
  summary: 'No frame of this name was ever offered.',
  message: (f) => `No frame ${f.frameId} is known${f.pipeline === null ? '' : ` to the pipeline ${f.pipeline}`}.`,
  hint: 'A frame is named like its raw file without extension, for example 20260101T042001C0o; the board lists those of a night.',
});

export const unitUnknown = defineError<{ key: string }>({
  code: 'UNIT_UNKNOWN',
  retry: 'never',
  summary: 'No unit of this name was ever worked on.',
  message: (f) => `No unit ${f.key} is known.`,
  hint: 'A unit is named <pipeline>/<target>/<camera>/<filter>; the page GP1, tab Units, lists those of a night.',
});

export const productMissing = defineError<{ frameId: string; product: string; state: string }>({
  code: 'PRODUCT_MISSING',
  retry: 'later',
  summary: 'The frame has no such product, or not yet.',
  message: (f) => `The frame ${f.frameId} has no ${f.product}; its state is ${f.state}.`,
  hint: 'Wait until the frame is published. If it is skipped, failed or quarantined, the board says why.',
});

export const productLost = defineError<{ frameId: string; product: string }>({
  code: 'PRODUCT_LOST',
  retry: 'later',
  summary: 'A product is recorded, but its file cannot be found in the workspace of its pipeline.',
  message: (f) => `The ${f.product} of ${f.frameId} is recorded, but its file is not in the workspace.`,
  hint: 'Check that the disk of the workspace is mounted and that the server was started with the same gp1.cfg as gp1; otherwise replay the frame.',
});

export const productUnreadable = defineError<{ frameId: string; product: string; what: string }>({
  code: 'PRODUCT_UNREADABLE',
  retry: 'never',
  summary: 'The file of a product is not what it should be.',
  message: (f) => `The ${f.product} of ${f.frameId} cannot be read: ${f.what}`,
  hint: 'Replay the frame; keep the file and report this line if it happens again.',
});

export const workspaceUnknown = defineError<{ pipeline: string }>({
  code: 'WORKSPACE_UNKNOWN',
  retry: 'never',
  summary: 'The server does not know where the products of a pipeline lie.',
  message: (f) => `No workspace is known for the pipeline ${f.pipeline}.`,
  hint: 'Start the server with --gp1-config gp1.cfg, or with --workspace NAME=FOLDER for each pipeline.',
});

export const configUnreadable = defineError<{ path: string; what: string }>({
  code: 'SERVER_CONFIG',
  retry: 'never',
  summary: 'The server cannot use what it was started with.',
  message: (f) => `${f.path}: ${f.what}`,
  hint: 'gic-server --help lists the options; gp1 check explains a gp1.cfg line by line.',
});

export const pageNotBuilt = defineError<{ folder: string }>({
  code: 'PAGE_NOT_BUILT',
  retry: 'later',
  summary: 'The web page was not built.',
  message: (f) => `There is no page in ${f.folder}.`,
  hint: 'Run npm run build, or npm start, which builds it.',
});

export const notReady = defineError<{ what: string }>({
  code: 'NOT_READY',
  retry: 'later',
  summary: 'Something that the server needs does not work at the moment.',
  message: (f) => `The server is not ready: ${f.what}`,
  hint: 'It becomes ready by itself once that works again.',
});

export const internalFault = defineError<Record<string, never>>({
  code: 'SERVER_FAULT',
  retry: 'never',
  summary: 'Something failed in the server that no rule foresaw: a fault of this software.',
  message: () => 'The server failed in a way that nobody foresaw.',
  hint: 'Report the correlation id: the log of the server has a line with it that says more.',
});
