"""Instruction definitions, by the chapters of Principles of Operation."""
