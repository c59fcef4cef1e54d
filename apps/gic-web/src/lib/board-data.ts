import type { Board, LiveEvent } from '@colibri/contracts';

/**
 * A board with events applied: rows are replaced by key or added, instances by name. Events up to `board.seq` are already in it and are
 * ignored, rows of other nights too (their number still counts). Returns the same object when nothing changed but the number did not grow.
 */
export function applyEvents(board: Board, events: readonly LiveEvent[]): Board {
  const fresh = events.filter((event) => event.seq > board.seq);
  if (fresh.length === 0) return board;
  const last = fresh[fresh.length - 1]!;
  let rows = board.rows;
  let instances = board.instances;
  const changedRows = new Map<string, Board['rows'][number]>();
  const changedUnits = new Map<string, Board['units'][number]>();
  const changedInstances = new Map<string, Board['instances'][number]>();
  const nights = new Set(board.nights);
  for (const event of fresh) {
    if (event.topic === 'instance') changedInstances.set(event.body.name, event.body);
    else if (event.topic === 'unit') {
      if (event.body.nightId === board.nightId) changedUnits.set(event.body.key, event.body);
    } else {
      nights.add(event.body.nightId);
      if (event.body.nightId === board.nightId) changedRows.set(event.body.key, event.body);
    }
  }
  if (changedRows.size > 0) {
    rows = rows.map((row) => {
      const next = changedRows.get(row.key);
      if (next === undefined) return row;
      changedRows.delete(row.key);
      return next;
    });
    rows.push(...changedRows.values());
  }
  if (changedInstances.size > 0) {
    instances = instances.map((old) => {
      const next = changedInstances.get(old.name);
      changedInstances.delete(old.name);
      return next ?? old;
    });
    instances.push(...changedInstances.values());
  }
  return {
    ...board,
    seq: last.seq,
    serverTime: last.t,
    rows,
    instances,
    units: changedUnits.size === 0 ? board.units : replaced(board.units, changedUnits),
    nights: nights.size === board.nights.length ? board.nights : [...nights].sort(),
  };
}

/** Newest first: what changed comes to the top. */
function replaced(old: Board['units'], changed: ReadonlyMap<string, Board['units'][number]>): Board['units'] {
  return [...[...changed.values()].reverse(), ...old.filter((unit) => !changed.has(unit.key))];
}
