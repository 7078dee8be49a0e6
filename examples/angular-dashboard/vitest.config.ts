import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: { environment: 'happy-dom', setupFiles: ['src/test-setup.ts'] },
  // As Angular's own build does: its decorators are the older ones.
  oxc: { decorator: { legacy: true } },
});
