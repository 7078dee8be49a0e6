import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    environment: 'happy-dom',
    setupFiles: ['test/support/angular.ts'],
    typecheck: { include: ['test/**/*.test-d.ts'] },
  },
});
