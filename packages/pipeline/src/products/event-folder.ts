import type { Unit } from '../unit.ts';

/**
 * The folder of all units of one target: that of the unit without its camera and filter at the end. null: the folders of this workspace do not
 * end so, and there is no such place.
 */
export function eventFolderOf({ name, camera, filter }: Pick<Unit, 'name' | 'camera' | 'filter'>): string | null {
  const parts = name.split('/');
  const ends = [camera, filter];
  while (parts.length > 1 && ends.includes(parts.at(-1)!)) {
    ends.splice(ends.indexOf(parts.at(-1)!), 1);
    parts.pop();
  }
  return ends.length === 0 ? parts.join('/') : null;
}

/** From the page of a unit in `folder` to the page of its event, as a link; null: there is none, or the folder is that of an earlier night. */
export function eventPageLink(unit: Pick<Unit, 'name' | 'camera' | 'filter'>, folder: string): string | null {
  const event = eventFolderOf(unit);
  if (event === null || /(^|\/)epochs\/[^/]+$/.test(folder)) return null;
  return `${'../'.repeat(unit.name.split('/').length - event.split('/').length)}summary.html`;
}
