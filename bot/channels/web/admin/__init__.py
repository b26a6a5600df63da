"""The pages of those who keep the knowledge: behind a login, each for certain roles, all without script."""
