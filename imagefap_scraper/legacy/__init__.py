"""What people bring along: the original program's database, its pictures, and what other tools saved."""
