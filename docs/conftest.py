"""What pytest leaves alone here: Sphinx, which runs it, is not needed to test."""

collect_ignore = ["conf.py", "_build", "auto_examples", "examples"]
