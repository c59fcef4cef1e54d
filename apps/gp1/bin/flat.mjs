#!/usr/bin/env node
import { runInstalled } from './run.mjs';

await runInstalled('flat');
