import tseslint from 'typescript-eslint';

// Each folder imports only from those before it.
const FLOORS = ['model', 'kernel', 'answer', 'cells', 'sidebar'];

export default tseslint.config(
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: { project: './tsconfig.test.json', tsconfigRootDir: import.meta.dirname }
    },
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      // Signals take the method and its `this`.
      '@typescript-eslint/unbound-method': 'off',
      eqeqeq: 'error',
      'no-console': ['error', { allow: ['warn', 'error'] }]
    }
  },
  {
    files: ['test/**'],
    rules: {
      // `test` of Node returns a promise that the runner itself waits for.
      '@typescript-eslint/no-floating-promises': 'off'
    }
  },
  ...FLOORS.map((floor, at) => ({
    files: [`src/${floor}/**`],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              group: [...FLOORS.slice(at + 1).map(above => `**/${above}/*`), '../index'],
              message: 'Imports run only downward: model, kernel, answer, cells, sidebar, index.'
            }
          ]
        }
      ]
    }
  }))
);
