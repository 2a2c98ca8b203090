"""Results in words: for a terminal, a notebook and a page of HTML."""
