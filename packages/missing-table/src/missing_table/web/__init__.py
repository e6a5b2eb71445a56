"""The API's edge: application, errors, dependencies, middleware, the OpenAPI document. No rule, no SQL of a subject."""
