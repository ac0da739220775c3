"""Other people's code: what a class handed in, how it is judged, kept and reported.

inbox → entries → jobs → verdicts → gradebook → reports; each arrow is one module here.
"""
