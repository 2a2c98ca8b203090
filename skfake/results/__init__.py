"""What evaluations found, as data: tables and nothing that draws."""
