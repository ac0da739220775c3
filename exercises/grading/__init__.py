"""The grading engine: it puts a learner's file into the service and judges it from outside.

What an exercise is     catalog, course, criteria, faults, places, contents
How one is judged       submission → bench → judge → plugin → trial → record → verdict
What a suite works with subject (the service seen from outside), answer, statements, people,
                        gate and race (what happens by chance made to happen)
What a learner is shown exchange, comparison, explanation, sections, terminal
Between two verdicts    watch, keyboard, progress, machine
The proof of a suite    audit
The command line        cli/, a file for each kind of user
Lessons                 lesson/, what notebooks import and how they are made
Set-up                  bootstrap

`exercises.grading.judge.judge` is the way in; everything else is on the way down from there.
"""
