"""What people may correct."""
