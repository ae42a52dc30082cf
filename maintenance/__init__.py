"""What keeps the list of vendors true: the imports for type checkers, the docs, and a look at each token endpoint."""
