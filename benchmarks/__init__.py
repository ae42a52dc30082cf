"""What this package promises about speed, measured."""
