"""What may come: outlook of a table, chances of matches and positions, insights of a weekend."""
