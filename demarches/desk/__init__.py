"""What agents start from: piles, search, jobs, health, the journal."""
