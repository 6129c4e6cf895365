from alerts.engine.conditions.node import Memory, Node, Truth, in_words, needs_ticks
from alerts.engine.conditions.reading import ConditionError, Problem, read_condition

__all__ = ["ConditionError", "Memory", "Node", "Problem", "Truth", "in_words", "needs_ticks", "read_condition"]
