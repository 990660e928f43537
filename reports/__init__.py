"""What becomes of the results: one module per output, all reading reports.model."""
