"""When the next page may be asked for: budget, pauses, and the gate in the scheduler that holds pages back."""
