import tseslint from 'typescript-eslint';

export default tseslint.config(...tseslint.configs.strictTypeChecked, {
  languageOptions: {
    parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname }
  },
  rules: {
    '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
    '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
    // Signals take the method and its `this`.
    '@typescript-eslint/unbound-method': 'off',
    eqeqeq: 'error',
    'no-console': ['error', { allow: ['warn', 'error'] }]
  }
});
