import { serviceLate } from './errors.ts';

/**
 * The answer if it comes in time, else SERVICE_LATE. The question goes on behind: an adapter with a cache keeps what comes late, and the next
 * look finds it there.
 *
 * @param seconds - how long whoever asks may wait
 */
export async function withinDeadline<T>(service: string, seconds: number, question: Promise<T>): Promise<T> {
  question.catch(() => {}); // late failures are nobody's
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(serviceLate({ service, seconds })), seconds * 1000);
  });
  try {
    return await Promise.race([question, late]);
  } finally {
    clearTimeout(timer);
  }
}
