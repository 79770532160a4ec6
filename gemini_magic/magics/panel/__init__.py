"""The kernel's side of the sidebar: the engine, conversations and subcommands of the magics."""
