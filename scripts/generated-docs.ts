import { catalogErrors } from '@colibri/adapters/catalogs';
import { databaseErrors } from '@colibri/adapters/postgres';
import { serviceErrors } from '@colibri/adapters/services';
import { templateErrors } from '@colibri/adapters/templates';
import * as base from '@colibri/base';
import * as baseNode from '@colibri/base/node';
import { fitsErrors } from '@colibri/fits';
import { serverErrors } from '@colibri/gic-server';
import { calibrationModules, gp1Errors, standard } from '@colibri/gp1';
import { detectorErrors, stackingErrors } from '@colibri/modules';
import { numericsErrors } from '@colibri/numerics';
import { definitionsOf, errorReference, exampleConfig, moduleReference, pipelineErrors } from '@colibri/pipeline';
import { skyErrors } from '@colibri/sky';

/** Everything that a room exports and that carries a code, a summary and a hint. */
export function errorKinds(): base.ErrorDefinition<base.Facts>[] {
  const rooms: Record<string, unknown>[] = [
    base,
    baseNode,
    fitsErrors,
    skyErrors,
    numericsErrors,
    pipelineErrors,
    detectorErrors,
    stackingErrors,
    templateErrors,
    serviceErrors,
    catalogErrors,
    databaseErrors,
    gp1Errors,
    serverErrors,
  ];
  const kinds = rooms.flatMap(definitionsOf);
  return [...new Map(kinds.map((kind) => [`${kind.code} ${kind.summary}`, kind])).values()].sort((a, b) =>
    a.code < b.code ? -1 : 1,
  );
}

/** Path → text of every generated page. */
export function generatedDocs(): Map<string, string> {
  const pages = new Map([['docs/errors.md', errorReference(errorKinds())]]);
  for (const module of [...standard.modules, ...calibrationModules]) {
    pages.set(`docs/modules/${module.name}.md`, moduleReference(module));
    pages.set(`docs/modules/${module.name}.cfg`, exampleConfig(module));
  }
  return pages;
}
