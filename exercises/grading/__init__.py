"""The grading engine: it puts a learner's file into the service and judges it from outside."""
