"""Programs that print figures: ``python -m benchmarks`` or ``make bench``."""
