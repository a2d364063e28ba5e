export { memoryStats, scope } from './scope.js';
