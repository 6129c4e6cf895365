"""The doors for what people change: rules, groups, the clinic's choice, and what they do about an alarm."""
