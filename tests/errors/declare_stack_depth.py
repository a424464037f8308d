from kring import StackTraces

stacks = StackTraces(64, depth=200)
