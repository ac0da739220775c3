"""What a class gets and its teachers keep: pages, tables and documents made of the gradebook.

    marks ──▶ learners (roll) ──▶ one file of each format (formats) ──▶ a folder (shelf)
         └──▶ the class as a whole (summary) ──┘

Everything is written while the marks go by: memory holds one learner at a time.
"""
