"""Native code of regions: stretches of a program that are executed very often.

A region is recorded while the reference engine executes it (`Plan`) and made into one native function from the bodies
of its instructions (`translate`), their fields being known.
"""
