"""An example for `docs/adding-a-procedure.md`: a third procedure, whole and small.

It is installed by `tests.recensement.settings` alone, and says nothing of the law: its one rule and
its two pieces are there to be walked through.
"""
