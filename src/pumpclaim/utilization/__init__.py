"""How often: what was put into a pump, how long it lasts, and when the next refill came (U1 to U4)."""
