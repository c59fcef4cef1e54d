import { useZlib } from '@colibri/fits/node';
import type { BroughtTasks } from '@colibri/numerics';
import { tileTasks } from '@colibri/pipeline';

// Imported by each thread of the pool by its address.
useZlib();

/** What the threads of arithmetic do beside it. */
export const tasks: BroughtTasks = tileTasks;
