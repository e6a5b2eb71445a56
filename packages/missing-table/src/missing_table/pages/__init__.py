"""HTML fragments of a page's first view, and the built site in embedded mode."""
