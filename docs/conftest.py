"""What pytest leaves alone here: Sphinx, which reads it, is not needed to test."""

collect_ignore = ["conf.py", "_build"]
