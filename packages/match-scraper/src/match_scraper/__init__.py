"""Reading the source: documents and pages in, typed matches and a reading report out."""
