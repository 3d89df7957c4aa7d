import './common/process/production.js';
import 'reflect-metadata';
import { startApi } from './api.js';
import { runProcess } from './common/process/run-process.js';

await runProcess('api', startApi);
