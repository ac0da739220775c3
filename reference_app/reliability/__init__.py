"""What tells an operator, and a balancer, how the service is."""
