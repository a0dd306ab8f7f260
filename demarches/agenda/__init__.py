"""Seats and days: taken, given back, shown, closed."""
