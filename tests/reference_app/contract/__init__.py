"""How tools that others wrote are set up to judge the OpenAPI document and the service."""
