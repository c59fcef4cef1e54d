export type { Streak, StreakImage } from './find-streaks.ts';
export { findStreaks, maskStreak } from './find-streaks.ts';
