import './common/process/production.js';
import 'reflect-metadata';
import { runProcess } from './common/process/run-process.js';
import { startWorker } from './worker.js';

await runProcess('worker', startWorker);
