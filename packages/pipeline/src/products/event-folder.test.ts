import { describe, expect, it } from 'vitest';
import { eventFolderOf, eventPageLink } from './event-folder.ts';

describe('eventFolderOf', () => {
  it.each([
    ['929744/C0/r', '929744'],
    ['2025/929744/r/C0', '2025/929744'],
    ['929744/C0', null],
    ['C0/r/929744', null],
    ['C0/r', null],
  ])('of %s is %s', (name, folder) => {
    expect(eventFolderOf({ name, camera: 'C0', filter: 'r' })).toBe(folder);
  });

  it('is linked from the newest night only', () => {
    const unit = { name: '929744/C0/r', camera: 'C0', filter: 'r' };
    expect(eventPageLink(unit, '929744/C0/r')).toBe('../../summary.html');
    expect(eventPageLink(unit, '929744/C0/r/epochs/2025-12-25')).toBeNull();
  });
});
