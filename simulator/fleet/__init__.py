"""Devices on virtual people: what they measure, how they behave, and how their data reach the platform."""
