"""nbconvert: a preprocessor that inserts the cells of stored answers, and exporters with it."""
