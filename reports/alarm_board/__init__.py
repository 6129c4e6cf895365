"""The clinic's open alarms, most urgent first, live; and what a person does about each."""
