# Who answers what. tests/deployment holds this list, as those of the proxies, against edge/routes.py. A condition takes
# five values, so the list comes in groups. An ALB's * also matches a slash; no other route of the platform is caught.
locals {
  edge_paths = [
    ["/health", "/api/v1/health", "/ws/*", "/api/v1/stream", "/api/v1/stream/ticket"],
    ["/api/v1/devices/*/readings", "/api/v1/devices/*/readings/latest", "/api/v1/devices/*/readings/stats"],
    ["/api/v1/devices/*/heartbeat", "/api/v1/devices/*/status", "/api/v1/devices/*/logs"],
    ["/api/v1/devices/*/commands", "/api/v1/devices/*/commands/*"],
    ["/api/v1/users/*/glucose/current", "/api/v1/users/*/glucose/history"],
  ]
}
