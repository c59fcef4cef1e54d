import type { BroughtTasks } from '../pool/tasks.ts';

/** The tasks that the modules at these URLs export as `tasks`. */
export async function loadTasks(urls: readonly string[]): Promise<BroughtTasks> {
  const modules = await Promise.all(urls.map((url) => import(url) as Promise<{ readonly tasks: BroughtTasks }>));
  return Object.assign({}, ...modules.map(({ tasks }) => tasks)) as BroughtTasks;
}
