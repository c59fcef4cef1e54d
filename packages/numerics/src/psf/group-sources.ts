import { buildPointGrid, type PointGrid } from '../solve/point-grid.ts';

/** Sources by group: group g holds `members[start[g]] … members[start[g + 1] − 1]`. */
export interface SourceGroups {
  readonly members: Int32Array;
  readonly start: Int32Array;
}

/**
 * Friends of friends: sources nearer than `link` are fitted together, and so are their friends. A group of more than `most` is split
 * by halving the link inside it (what is cut apart is then fitted with the others' light subtracted).
 */
export function groupSources(x: Float64Array, y: Float64Array, link: number, most = 24): SourceGroups {
  const members: number[] = [];
  const start: number[] = [0];
  const all = Array.from(x.keys()).filter((i) => Number.isFinite(x[i]!) && Number.isFinite(y[i]!));
  const place = (group: readonly number[]): void => {
    members.push(...group);
    start.push(members.length);
  };
  const split = (set: readonly number[], distance: number): void => {
    for (const group of friends(set, x, y, distance)) {
      if (group.length <= most) place(group);
      else if (distance > 0.2) split(group, 0.7 * distance);
      else for (let k = 0; k < group.length; k += most) place(group.slice(k, k + most));
    }
  };
  split(all, link);
  return { members: Int32Array.from(members), start: Int32Array.from(start) };
}

function friends(set: readonly number[], x: Float64Array, y: Float64Array, link: number): number[][] {
  const px = Float64Array.from(set, (i) => x[i]!);
  const py = Float64Array.from(set, (i) => y[i]!);
  const grid = buildPointGrid(px, py, link);
  const seen = new Uint8Array(set.length);
  const groups: number[][] = [];
  for (let first = 0; first < set.length; first++) {
    if (seen[first] === 1) continue;
    seen[first] = 1;
    const group = [first];
    for (let k = 0; k < group.length; k++) {
      for (const near of within(grid, px[group[k]!]!, py[group[k]!]!, link)) {
        if (seen[near] === 1) continue;
        seen[near] = 1;
        group.push(near);
      }
    }
    groups.push(group.map((k) => set[k]!).sort((a, b) => a - b));
  }
  return groups;
}

function within(grid: PointGrid, x: number, y: number, radius: number): number[] {
  const found: number[] = [];
  const c0 = Math.max(0, Math.floor((x - radius - grid.x0) / grid.cell));
  const c1 = Math.min(grid.columns - 1, Math.floor((x + radius - grid.x0) / grid.cell));
  const r0 = Math.max(0, Math.floor((y - radius - grid.y0) / grid.cell));
  const r1 = Math.min(grid.rows - 1, Math.floor((y + radius - grid.y0) / grid.cell));
  for (let r = r0; r <= r1; r++) {
    for (let k = grid.start[r * grid.columns + c0]!; k < grid.start[r * grid.columns + c1 + 1]!; k++) {
      const i = grid.order[k]!;
      if ((grid.x[i]! - x) ** 2 + (grid.y[i]! - y) ** 2 <= radius * radius) found.push(i);
    }
  }
  return found;
}
