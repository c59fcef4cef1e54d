export { type SkybotOptions, skybotSource } from './skybot.ts';
